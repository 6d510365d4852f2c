"""A year of an index as a table: taken whole, or refused with every fault by row and column."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chassis.errors import Invalid, NotFound, PreconditionFailed
from chassis.http import Expectation
from chassis.http.sheets import Sheet
from services.suppliers import domain, reference, repository, rulebook, schemas, usecases
from services.suppliers.domain.indices import higher_is_better
from tests.asking import ask
from tests.callers import WHATEVER, page_query
from tests.suppliers.bodies import NOW, import_index, loaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.db import Transaction

DATA = Path(__file__).parents[2] / "data" / "country_indices.csv"
SHEET = Sheet(domain.SHEET_COLUMNS, 1000, schemas.SHEET_EXAMPLE)
HEAD = "iso3,country,index,year,value,scale_min,scale_max,higher_is_better,label"
ISLANDS = "SWE,Påhittade öar,CPI,2025,80,0,100,true,"
OTHER_HEAD = "value,iso3,year,index,higher_is_better,scale_max,scale_min,x"
SWEDEN = "SWE,Sweden,CPI,2025,80,0,100,true,"


def cpi(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows]).encode()


def load(tx: Transaction, raw: bytes, key: tuple[str, int] = ("CPI", 2025), expects: Any = WHATEVER) -> Any:
    rows = [domain.Published(*row) for row in SHEET.read(raw)]
    return usecases.countries.import_country_sheet(tx, key, rows, expects, NOW)


def values(tx: Transaction, index: str = "CPI", year: int = 2025) -> dict[str, str]:
    return {c: str(v) for c, v in repository.countries.values_of_year(tx, index, year).items()}


def refused(tx: Transaction, raw: bytes, key: tuple[str, int] = ("CPI", 2025)) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        load(tx, raw, key)
    return refusal.value.faults


# -- what is taken


def real_sheets() -> list[tuple[tuple[str, int], list[dict[str, str]]]]:
    """Every year of every index of the rule set, as it lies in the data."""
    found: dict[tuple[str, int], list[dict[str, str]]] = defaultdict(list)
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["index"] in rulebook.rules().indices:
                found[row["index"], int(row["year"])].append(row)
    return list(found.items())


def written(rows: Sequence[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_every_published_year_is_taken_as_it_lies_in_the_data(tx: Transaction) -> None:
    sheets = real_sheets()
    assert len(sheets) > 40
    for key, rows in sheets:
        assert load(tx, written(rows), key)["countries"] == len(rows)
    ratings = dict(sheets)["ITUC_GRI", 2026]
    assert values(tx, "ITUC_GRI", 2026) == {
        reference.ISO2_BY_ISO3[row["iso3"]]: row["value"] for row in ratings
    }


@pytest.mark.parametrize(
    "raw",
    [
        cpi(SWEDEN),
        b"\xef\xbb\xbf" + cpi(SWEDEN),
        cpi(SWEDEN).decode().encode("utf-16"),
        cpi(SWEDEN).replace(b"\n", b"\r\n"),
        cpi(SWEDEN).replace(b",", b";"),
        cpi(SWEDEN).replace(b",", b"\t"),
        b"sep=;\r\n" + cpi(SWEDEN).replace(b",", b";"),
        cpi(ISLANDS).decode().encode("cp1252"),
        cpi(SWEDEN, "", ",,,,,,,,"),
        cpi("80,SWE,2025,CPI,true,100,0,anything", head=OTHER_HEAD),
        cpi("SWE;Sverige;CPI;2025;80,0;0,0;100;SANT;", head=HEAD.replace(",", ";")),
        cpi('SWE,Sweden,CPI,2025,"80,0",0.0,1e2,TRUE,'),
    ],
    ids=["plain", "bom", "utf16", "crlf", "semicolons", "tabs", "sep", "cp1252", "empty rows",
         "other columns", "swedish excel", "quoted"],
)  # fmt: skip
def test_what_spreadsheets_write_is_read(tx: Transaction, raw: bytes) -> None:
    load(tx, raw)
    assert {country: float(value) for country, value in values(tx).items()} == {"SE": 80}


def test_the_example_in_the_description_is_taken(tx: Transaction) -> None:
    load(tx, schemas.SHEET_EXAMPLE.encode(), ("ITUC_GRI", 2026))
    assert values(tx, "ITUC_GRI", 2026) == {"CN": "5", "MM": "6"}


def test_an_import_is_a_version_and_the_same_once_more_is_none(tx: Transaction) -> None:
    assert load(tx, cpi(SWEDEN))["version"] == 1
    assert load(tx, cpi(SWEDEN.replace("80", "80.0")))["version"] == 1
    assert load(tx, cpi(SWEDEN.replace("80", "82")))["version"] == 2
    import_index(tx, "CPI", 2025, SWE="82")  # as JSON, too
    [row] = usecases.countries.list_country_indices(tx, page_query(schemas.DatasetQuery))["items"]
    assert (row.version, row.year) == (2, 2025)
    with pytest.raises(PreconditionFailed):
        load(tx, cpi(SWEDEN), expects=Expectation(frozenset({1})))
    assert values(tx) == {"SE": "82"}


def test_values_that_are_others_score_all_cases_again_once(tx: Transaction) -> None:
    def begun() -> int:
        with tx.cursor() as cursor:  # imports that come one after another share a wave
            cursor.execute("SELECT string_agg(about, ',') AS about FROM wave WHERE kind = 'dataset'")
            return (cursor.fetchone().about or "").count("CPI/2025")

    before = begun()
    load(tx, cpi(SWEDEN))
    load(tx, cpi(SWEDEN))
    assert begun() == before + 1


# -- what is refused


def test_every_fault_of_every_row_is_told_at_once_by_row_and_column(tx: Transaction) -> None:
    rows = [
        SWEDEN,
        "SWE,Sweden,CPI,2025,81,0,100,true,",
        "XXX,Nowhere,EPI,2024,101,1,10,false,",
        ",,,,,,,,x",
        "CHN,China,CPI,2025,43,0,100,maybe,",
        "NOR,Norway,CPI,2025,n/a,0,hundred,true,",
        "DNK,Denmark,CPI,2025,90,0,100,true,,too,many",
    ]
    assert refused(tx, cpi(*rows)) == {
        "/3/iso3": "Has a value in row 2 already.",
        "/4/iso3": "Must be an ISO 3166-1 alpha-3 country code.",
        "/4/index": "Must be CPI, the index that is imported.",
        "/4/year": "Must be 2025, the year that is imported.",
        "/4/value": "Must be from 0 to 100.",
        "/4/scale_min": "Must be 0, as the rule set reads this index.",
        "/4/scale_max": "Must be 100, as the rule set reads this index.",
        "/4/higher_is_better": "Must be true, as the rule set reads this index.",
        **{f"/5/{column}": "Is missing." for column in domain.SHEET_COLUMNS},
        "/6/higher_is_better": "Must be true, as the rule set reads this index.",
        "/7/value": "Must be a number.",
        "/7/scale_max": "Must be 100, as the rule set reads this index.",
        "/8/J": "The row has more cells than there are named columns (9): is a quote or a separator missing?",
        "/8/K": "The row has more cells than there are named columns (9): is a quote or a separator missing?",
    }


def test_a_rating_is_checked_against_its_label_its_scale_and_its_direction(tx: Transaction) -> None:
    head = "MMR,Myanmar,ITUC_GRI,2026"
    rows = [f"{head},5,1,6,false,5+", f"CHN{head[3:]},2.5,1,5,true,2"]
    assert refused(tx, cpi(*rows), ("ITUC_GRI", 2026)) == {
        "/2/label": "Means 6, and the value is another.",
        "/3/value": "Must be a rating, without fractions.",
        "/3/scale_max": "Must be 6, as the rule set reads this index.",
        "/3/higher_is_better": "Must be false, as the rule set reads this index.",
    }


def test_the_direction_of_each_index_is_that_of_the_data() -> None:
    for (name, _), rows in real_sheets():
        assert {row["higher_is_better"] for row in rows} == {
            str(higher_is_better(rulebook.rules().indices[name])).lower()
        }


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        (b"", "/1"),
        (HEAD.encode(), ""),
        (b"\x00\x01\x02", "/1"),
        (cpi(SWEDEN, head="iso3,country,index"), "/1/value"),
        (cpi(SWEDEN, '"SWE'), "/3"),
        (cpi(SWEDEN).replace(b"Sweden", b"Sv\x00rige"), "/2/country"),
        (cpi(*[SWEDEN] * 1001), ""),
        (cpi(SWEDEN.replace("Sweden", "x" * 100_001)), "/2/country"),
        (cpi(SWEDEN.replace("80", "8" * 5000)), "/2/value"),
        (cpi(SWEDEN.replace("80", "1e999999999")), "/2/value"),
        (cpi(SWEDEN.replace("80", "٨٠")), "/2/value"),
        (cpi(SWEDEN.replace("0,100", "1e999999999,NaN")), "/2/scale_min"),
        (cpi(SWEDEN.replace("SWE", "swe")), "/2/iso3"),
        (cpi(SWEDEN.replace("2025", "2025.0")), "/2/year"),
        (b"\xef\xbb\xbf" + cpi(SWEDEN) + b"\n\xff\xfe\xfa", "/1"),
    ],
)  # fmt: skip
def test_what_is_no_such_table_is_refused_where_it_is_none(tx: Transaction, raw: bytes, at: str) -> None:
    assert at in refused(tx, raw)


def test_an_index_that_the_rule_set_does_not_read_is_not_found(tx: Transaction) -> None:
    with pytest.raises(NotFound):
        load(tx, cpi(SWEDEN), ("HDI", 2022))


def test_an_index_of_a_rule_set_that_is_to_come_is_taken_and_counts_once_that_is_on(tx: Transaction) -> None:
    content = rulebook.rule_file("2026-1")
    country = content["country"]
    indices = {**country["indices"], "CPI2": country["indices"]["CPI"]}
    areas = {**country["areas"], "business_ethics": ["CPI2"]}
    wanted = {**content, "country": {**country, "indices": indices, "areas": areas}}
    new = loaded(schemas.rule_sets.NewRuleSet, wanted)
    assert repository.rule_sets.add(tx, "2027-cpi", new, "office", NOW)
    import_index(tx, "CPI2", 2026, SWE="81")
    assert values(tx, "CPI2", 2026) == {"SE": "81"}
    query = page_query(schemas.CountryQuery, limit=500)

    def ethics() -> Any:
        page = usecases.countries.get_country(tx, "SE")["newest"]
        listed = {row.country: row for row in usecases.countries.list_countries(tx, query)["items"]}
        assert page["areas"]["business_ethics"] == listed["SE"].business_ethics
        return listed["SE"].business_ethics

    assert ethics() is None
    repository.rule_sets.activate(tx, "2027-cpi", "beslut", "office", NOW)
    assert ethics() == 81


# -- over HTTP


def put(platform: Any, raw: bytes, media_type: str = "text/csv", **headers: str) -> Any:
    url = platform.url("suppliers", "/country-indices/CPI/2019")
    return ask("PUT", url, data=raw, headers={"Content-Type": media_type, **headers})


def test_a_table_is_put_as_json_is_and_refused_whole(platform: Any) -> None:
    sheet = cpi(SWEDEN.replace("2025", "2019"), "CHN,China,CPI,2019,43,0,100,true,")
    made = put(platform, sheet, "text/csv; charset=utf-8")
    assert (made.status_code in {200, 201}, made.json()["countries"]) == (True, 2)
    etag = made.headers["ETag"]
    wrong = put(platform, cpi("SWE,Sweden,CPI,2018,101,0,100,true,", "NOR,Norway,CPI,2019,80,0,100,true,"))
    assert wrong.status_code == 422
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/2/value", "/2/year"]
    kept = ask("GET", platform.url("suppliers", "/country-indices/CPI/2019"))
    assert (kept.json(), kept.headers["ETag"]) == (made.json(), etag)
    assert put(platform, sheet, **{"If-Match": '"99-internal"'}).status_code == 412


def test_a_table_that_is_too_large_or_of_another_kind_is_refused(platform: Any) -> None:
    assert put(platform, cpi(*[SWEDEN] * 40_000)).status_code == 413
    other = put(platform, cpi(SWEDEN), "application/x-ndjson")
    assert (other.status_code, "text/csv" in other.json()["detail"]) == (415, True)
    url = platform.url("suppliers", "/categories/handskar")
    elsewhere = ask("PUT", url, data=cpi(SWEDEN), headers={"Content-Type": "text/csv"})
    assert elsewhere.status_code == 415


def test_countries_are_shown_and_exported(platform: Any) -> None:
    put(platform, cpi(SWEDEN.replace("2025", "2019")))
    page = platform.get("suppliers", "/countries/SE")
    assert (page["iso3"], set(page["newest"]["areas"])) == (
        "SWE",
        {"human_rights", "workers_rights", "environment", "business_ethics"},
    )
    assert 2019 in [value["year"] for value in page["values"] if value["index"] == "CPI"]
    assert ask("GET", platform.url("suppliers", "/countries/se")).status_code == 404
    headers = {"Accept": "text/csv"}
    table = ask("GET", platform.url("suppliers", "/countries?sort=country&year=2019"), headers=headers)
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["country"] for row in rows] == sorted(reference.COUNTRIES)
    nowhere = next(row for row in rows if row["country"] == "AQ")
    # no data is no number, in a table either
    assert (nowhere["total"], nowhere["environment"], nowhere["band"]) == ("", "", "no_data")
