"""Importing sites, and what contracts say beside; whose numbers are told to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chassis import outbox
from chassis.access import Identity
from tests.suppliers.files import category
from tests.suppliers.rows import CONTRACT, FIRST, ORGNR, SECOND

if TYPE_CHECKING:
    from tests.suppliers.files import Imports

SITE: dict[str, Any] = {
    "orgnr": ORGNR,
    "name": "Fabrik ett",
    "operator": "Exempelfabrik Ltd",
    "tier": "1",
    "country": "CN",
    "address": "1 Road",
    "products": "handskar, visir",
    "category_ids": "handskar",
}
REGION = Identity(
    subject="r", client="r", role="region", scopes=frozenset(), view="regions", claims={"region": "12"}
)


def states(job: dict[str, Any]) -> list[str]:
    return [row["state"] for row in job["report"]]


def test_sites_are_made_changed_and_left_alone_and_their_cases_scored(imports: Imports) -> None:
    imports.run("suppliers", [FIRST, SECOND])
    imports.run("contracts", [CONTRACT])
    scores = "SELECT count(*) FROM scored_case WHERE supplier_id IN (SELECT supplier_id FROM supplier)"
    assert imports.ask(scores) == [1]
    other = SITE | {"name": "Fabrik två", "orgnr": SECOND["orgnr"]}
    assert states(imports.run("sites", [SITE, other])) == ["made"] * 2
    kept = "SELECT name, operator, tier, country, address, products, category_ids FROM site ORDER BY name"
    first = ("Fabrik ett", "Exempelfabrik Ltd", 1, "CN", "1 Road", ["handskar", "visir"], ["handskar"])
    assert imports.ask(kept)[0] == first
    assert imports.ask(scores) == [2]
    assert states(imports.run("sites", [SITE])) == ["unchanged"]
    assert states(imports.run("sites", [SITE | {"tier": "2", "operator": ""}])) == ["changed"]
    assert imports.ask(kept)[0] == (*first[:2], 2, *first[3:])
    assert imports.ask("SELECT version FROM site ORDER BY name") == [2, 1]
    wrong = [SITE | {"category_ids": "garn"}, SITE | {"country": "XX"}, SITE | {"orgnr": "1"}]
    assert imports.run("sites", wrong)["rows_rejected"] == 3
    assert imports.run("sites", [SITE | {"tier": "3"}], actor=REGION)["rows_rejected"] == 1


def test_what_a_region_is_not_shown_of_sites_no_import_of_its_tells_or_changes(imports: Imports) -> None:
    own = Identity(
        subject="r", client="r", role="region", scopes=frozenset(), view="regions", claims={"region": "01"}
    )
    imports.run("suppliers", [FIRST])
    deep = SITE | {"name": "Djup", "tier": "3"}
    mine = SITE | {"name": "Egen", "tier": "0", "operator": ""}
    imports.run("sites", [SITE, deep, mine])
    kept = "SELECT to_jsonb(t) FROM site AS t WHERE registered_by IS NULL ORDER BY site_id"
    before = imports.ask(kept)
    guesses = [SITE, deep, SITE | {"name": "Fabrik noll"}]
    assert states(imports.run("sites", guesses, actor=own, dry_run=True)) == ["made"] * 3
    assert states(imports.run("sites", [*guesses, mine], actor=own)) == ["made"] * 3 + ["unchanged"]
    assert imports.ask(kept) == before
    # what it has registered itself it knows
    assert states(imports.run("sites", [*guesses, mine], actor=own)) == ["unchanged"] * 4
    assert states(imports.run("sites", [SITE | {"address": "2 Road"}], actor=own)) == ["changed"]
    assert imports.ask(kept) == before


def test_contracts_say_what_was_procured_in_which_currency_and_until_when_with_all_options(
    imports: Imports,
) -> None:
    imports.run("suppliers", [FIRST])
    more = {"cpv": "33141420", "currency": "EUR", "option_ends_on": "2030-12-31"}
    assert states(imports.run("contracts", [CONTRACT | more])) == ["made"] * 1
    kept = "SELECT cpv, currency, option_ends_on::text, version FROM contract"
    assert imports.ask(kept) == [("33141420", "EUR", "2030-12-31", 1)]
    assert states(imports.run("contracts", [CONTRACT])) == ["unchanged"]
    assert imports.run("contracts", [CONTRACT | {"ends_on": "2031-12-31"}])["rows_rejected"] == 1
    assert imports.run("contracts", [CONTRACT | {"cpv": "33141421"}])["rows_rejected"] == 1


def test_an_archived_supplier_gets_no_contract_by_an_import_and_none_runs_again(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    ended = CONTRACT | {"reference": "A-1", "ends_on": "2026-01-31"}
    imports.run("contracts", [ended])
    imports.prepare(_archive)
    assert imports.run("contracts", [CONTRACT])["rows_rejected"] == 1
    assert imports.run("contracts", [ended | {"ends_on": "2028-01-31"}])["rows_rejected"] == 1
    assert states(imports.run("contracts", [ended | {"ends_on": "2026-02-28"}])) == ["changed"]


def test_codes_are_read_as_ted_and_spreadsheets_write_them(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    for written, code in (("33141420-0", "33141420"), ("3000000", "03000000"), ("3000000-1", "03000000")):
        imports.run("contracts", [CONTRACT | {"cpv": written}])
        assert imports.ask("SELECT cpv FROM contract") == [code]
    for wrong in ("33141420-", "33141420-10", "3314142", "33141420-²"):
        assert imports.run("contracts", [CONTRACT | {"cpv": wrong}])["rows_rejected"] == 1


def test_the_case_that_an_import_moves_a_contract_out_of_is_told_as_gone(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    imports.run("contracts", [CONTRACT])
    imports.prepare(lambda tx: category(tx, "garn"))
    assert states(imports.run("contracts", [CONTRACT | {"category_id": "garn"}])) == ["changed"]
    [case] = imports.ask("SELECT supplier_id || '/handskar' FROM supplier")
    gone = "SELECT owners FROM changes WHERE resource = 'risk' AND kind = 'deleted' AND id = %s"
    assert imports.ask(gone, case) == [{"region": ["01", "14"], "area": ["F"]}]


def test_what_others_could_not_be_told_is_refused_by_its_row(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports.run("suppliers", [FIRST, SECOND])
    monkeypatch.setattr(outbox, "LARGEST_BODY", 1500)
    many = [SITE | {"name": f"Fabrik {i}"} for i in range(20)]
    job = imports.run("sites", [*many, SITE | {"orgnr": SECOND["orgnr"]}])
    assert job["state"] == "done"
    assert states(job)[-1] == "made"
    assert {"made", "rejected"} == set(states(job)[:-1])
    refused = next(row for row in job["report"] if row["state"] == "rejected")
    assert "can be told" in refused["faults"][0]["problem"]


def test_a_persons_number_in_a_register_is_told_by_no_report(imports: Imports) -> None:
    person = {"region": "01", "own_number": "121212+1212", "legal_name": "Exempel Enskild", "country": "SE"}
    imports.run("suppliers", [person, FIRST])
    job = imports.run("suppliers", [person | {"orgnr": ORGNR}])
    assert job["rows_rejected"] == 1
    assert "1212" not in str(job["report"])
    assert "own_number" in str(job["report"])


def _archive(tx: Any) -> None:
    with tx.cursor() as cursor:
        cursor.execute("UPDATE supplier SET status = 'archived'")


def test_a_sole_traders_orgnr_is_kept_as_personal_and_no_report_repeats_it(imports: Imports) -> None:
    sole = {"orgnr": "121212+1212", "legal_name": "Exempel Enskild", "region": "01", "own_number": "L-9"}
    assert states(imports.run("suppliers", [sole])) == ["made"] * 1
    assert imports.ask("SELECT scheme, value FROM identifier") == [("personnr", "191212121212")]
    assert states(imports.run("suppliers", [sole])) == ["unchanged"]
    other = sole | {"orgnr": "19701063-2391"}
    imports.run("suppliers", [other])
    report = str(imports.ask("SELECT to_jsonb(r) FROM import_row AS r")) + str(
        imports.ask("SELECT to_jsonb(o) FROM outbox AS o")
    )
    for digits in ("1212121212", "7010632391"):
        assert digits not in report
