"""Importing suppliers, contacts and contracts: matched, re-runnable, told once, every fault explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from chassis import sql, tables
from chassis.dumping import dumper
from chassis.events import PREFIX
from services.suppliers import repository, schemas
from services.suppliers.events import supplier_registered
from tests import backbone
from tests.suppliers.files import faults, states, table
from tests.suppliers.rows import CONTACT, CONTRACT, FIRST, ORGNR, OTHER, SECOND, everything

if TYPE_CHECKING:
    from tests.suppliers.files import Imports


def events(imports: Imports) -> list[tuple[str, bool]]:
    """What was told, and whether it was said to be of the past; forgotten afterwards."""
    told = imports.ask("SELECT type, headers FROM outbox ORDER BY id")
    imports.prepare()
    return [(kind, headers.get(PREFIX + "imported", False)) for kind, headers in told]


@pytest.mark.parametrize("media_type", tables.MEDIA_TYPES)
def test_suppliers_are_made_told_and_on_a_second_run_nothing_changes(
    imports: Imports, media_type: str
) -> None:
    job = imports.run("suppliers", [FIRST, SECOND], media_type=media_type)
    assert (job["state"], job["rows_total"], job["rows_accepted"], states(job)) == (
        "done",
        2,
        2,
        ["made", "made"],
    )
    assert events(imports) == [("supplier_registered", False)] * 2
    assert imports.ask("SELECT legal_name, country, language, version FROM supplier ORDER BY 1") == [
        ("Exempel 1 AB", "SE", "sv", 1),
        ("Exempel 2 AB", "SE", "sv", 1),
    ]
    before = everything(imports)
    again = imports.run("suppliers", [FIRST, SECOND], media_type=media_type)
    assert states(again) == ["unchanged", "unchanged"]
    assert [row["item_id"] for row in again["report"]] == [row["item_id"] for row in job["report"]]
    assert everything(imports) == before
    assert imports.ask("SELECT count(*) FROM import_chunk") == [0]


@pytest.mark.parametrize("imported", [False, True])
def test_what_is_told_and_recorded_of_a_new_supplier_is_what_is_registered(
    imports: Imports, imported: bool
) -> None:
    norwegian = {"legal_name": "Exempel 3 AS", "country": "NO", "language": "en"}
    rows = [FIRST, FIRST | {"own_number": "L-1b"}, {"region": "14", "own_number": "7"} | norwegian]
    assert states(imports.run("suppliers", rows, imported=imported)) == ["made", "changed", "made"]
    with imports.transaction() as tx:
        registered = [row._asdict() for row in repository.registry.suppliers_after(tx, None, 10)]
        told = [supplier_registered(each, imported=imported).data for each in registered]
        assert [each["data"] for each in backbone.emitted(tx)] == as_json(told)
    shown = [dumper(schemas.WholeRecord)(schemas.recorded(each)) for each in registered]
    ids = [str(each["supplier_id"]) for each in registered]
    trail = "SELECT after FROM audit_trail WHERE resource_id = ANY(%s) ORDER BY resource_id"
    assert imports.ask(trail, ids) == as_json(shown)


def as_json(value: Any) -> Any:
    return orjson.loads(sql.document(value))


def test_any_number_that_is_known_matches_and_new_ones_are_added(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    events(imports)
    rows = [
        {"region": "01", "own_number": "L-1", "legal_name": "Exempel Ett AB", "gln": "7300010000001"},
        {"gln": "7300010000001", "region": "14", "own_number": "77", "legal_name": "Exempel Ett AB"},
    ]
    assert states(imports.run("suppliers", rows)) == ["changed", "changed"]
    assert events(imports) == [("supplier_changed", False)]  # one a supplier and chunk
    assert imports.ask("SELECT legal_name, version FROM supplier") == [("Exempel Ett AB", 2)]
    assert imports.ask("SELECT region, number FROM own_number ORDER BY 1") == [("01", "L-1"), ("14", "77")]
    assert imports.ask("SELECT scheme FROM identifier ORDER BY 1") == ["gln", "orgnr"]


def test_numbers_that_disagree_are_a_fault_of_their_row(imports: Imports) -> None:
    imports.run("suppliers", [FIRST, SECOND])
    job = imports.run(
        "suppliers",
        [
            FIRST | {"orgnr": OTHER},
            SECOND | {"own_number": "L-1", "orgnr": ""},
            {"region": "01", "own_number": "L-2", "orgnr": "5561234567", "legal_name": "X"},
            {"legal_name": "Nameless"},
            {"vat": "DE136695976", "legal_name": "No country"},
        ],
    )
    assert faults(job)[2] == [
        (
            "own_number",
            "Belongs to another supplier than the row's orgnr 2321000016.",
            "numbers of one supplier",
        )
    ]
    assert states(job)[1] == "changed"
    assert faults(job)[4][0][0] == "orgnr"
    assert "names no supplier" in faults(job)[5][0][1]
    assert faults(job)[6] == [
        (
            "country",
            "A new supplier without an orgnr needs its country.",
            "an ISO 3166-1 alpha-2 code, such as SE",
        )
    ]
    assert (job["rows_accepted"], job["rows_rejected"]) == (1, 4)


def test_a_supplier_keeps_its_number_of_a_scheme(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    job = imports.run("suppliers", [{"region": "01", "own_number": "L-1", "orgnr": OTHER, "legal_name": "X"}])
    assert faults(job) == {2: [("orgnr", f"The supplier is registered with orgnr {ORGNR}.", ORGNR)]}


def test_every_fault_of_a_row_is_told_with_what_is_accepted(imports: Imports) -> None:
    bad = CONTRACT | {"clause_level": "high", "value_ore": "many", "starts_on": "31/12/2025", "regions": "99"}
    job = imports.run("contracts", [bad | {"orgnr": "1", "terms": "[]", "reference": ""}])
    county = "a Swedish county code, such as 01"
    assert faults(job)[2] == [
        (
            "orgnr",
            "Is no valid orgnr: The number has an invalid length.",
            "a Swedish organisation number, such as 556543-6168",
        ),
        (
            "regions",
            "0: Must be a Swedish county code, such as 01.",
            f"several, separated by commas: {county}",
        ),
        ("clause_level", "Must be one of: basic, advanced.", "basic, advanced"),
        ("starts_on", "Not a valid date.", "a date such as 2026-01-31"),
        ("value_ore", "Not a valid integer.", "a whole number from 0 to 9223372036854775807"),
        ("terms", "Invalid input type.", "a JSON object"),
        ("reference", "Missing data for required field.", "a text of at most 100 characters"),
    ]


def test_columns_that_are_unknown_or_named_twice_refuse_the_file(imports: Imports) -> None:
    job = imports.run("suppliers", b"Org-nr,Legal name,namn\n1,2,3\n")
    assert (job["state"], job["report"]) == ("failed", [])
    assert job["reason"].startswith(
        "Row 1: has columns that 'suppliers' does not: 'Org-nr', 'namn'. It has: supplier_id, orgnr,"
    )
    twice = imports.run("suppliers", b"orgnr,legal_name,Legal name\n1,2,3\n")
    assert twice["reason"] == "Row 1: names the column 'legal_name' twice."
    unknown = imports.run("suppliers", [FIRST | {"namn": 1}], media_type=tables.NDJSON)
    assert faults(unknown)[1][0][:2] == ("namn", "Unknown field.")


def test_a_file_with_a_fault_in_its_last_line_applies_nothing(imports: Imports) -> None:
    data = table(tables.CSV, [FIRST, SECOND]) + b'3,"unclosed\n'
    job = imports.run("suppliers", data)
    assert (job["state"], job["reason"]) == ("failed", "Row 4: begins a quote that is never closed.")
    assert imports.ask("SELECT count(*) FROM supplier") == [0]
    assert imports.run("suppliers", b"orgnr\n")["reason"] == "The file has no rows."


def test_contacts_are_matched_by_address_within_their_supplier(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    events(imports)
    rows = [CONTACT, CONTACT | {"email": "bo@ett.example", "name": "Bo"}, CONTACT | {"own_number": "nobody"}]
    job = imports.run("contacts", rows)
    assert states(job) == ["made", "made", "rejected"]
    assert "import the supplier first" in faults(job)[4][0][1]
    assert events(imports) == [("supplier_changed", False)]
    before = everything(imports)
    assert states(imports.run("contacts", rows)) == ["unchanged", "unchanged", "rejected"]
    assert everything(imports) == before
    again = imports.run("contacts", [CONTACT | {"email": "KIM@ett.example", "role": "inköp"}])
    assert states(again) == ["changed"]
    assert imports.ask("SELECT email, role FROM contact ORDER BY 1 DESC LIMIT 1") == [
        ("kim@ett.example", "inköp")
    ]


def test_contracts_make_cases_that_are_scored_and_only_told_when_different(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    events(imports)
    assert states(imports.run("contracts", [CONTRACT])) == ["made"]
    assert events(imports) == [("supplier_changed", False), ("supplier_risk_rescored", False)]
    [(regions, value, terms)] = imports.ask("SELECT regions, value_ore, terms FROM contract")
    assert (regions, value, terms) == (["01", "14"], 125_000_000, {"remedy_days": 30})
    before = everything(imports)
    assert states(imports.run("contracts", [CONTRACT])) == ["unchanged"]
    assert everything(imports) == before
    assert states(imports.run("contracts", [CONTRACT | {"value_ore": "5"}])) == ["changed"]
    job = imports.run("contracts", [CONTRACT | {"category_id": "hattar"}])
    assert faults(job) == {2: [("category_id", "There is no such category.", "handskar")]}


def test_history_is_told_as_history(imports: Imports) -> None:
    imports.run("suppliers", [FIRST], imported=True)
    imports.run("contracts", [CONTRACT], imported=True)
    assert events(imports) == [
        ("supplier_registered", True),
        ("supplier_changed", True),
        ("supplier_risk_rescored", True),
    ]


def test_a_dry_run_reports_and_changes_nothing(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    before = everything(imports)
    rows = [FIRST | {"legal_name": "Other AB"}, SECOND, {"legal_name": "?"}]
    job = imports.run("suppliers", rows, dry_run=True)
    assert states(job) == ["changed", "made", "rejected"]
    assert [row["item_id"] is None for row in job["report"]] == [False, True, True]
    assert everything(imports) == before
    assert states(imports.run("contracts", [CONTRACT], dry_run=True)) == ["made"]
    assert everything(imports) == before


def test_rows_of_one_file_that_mean_one_supplier_make_one(imports: Imports) -> None:
    many = [FIRST | {"own_number": f"L-{i}"} for i in range(1200)]
    job = imports.run("suppliers", many)
    assert (job["rows_accepted"], imports.ask("SELECT count(*) FROM supplier")) == (1200, [1])
    assert states(job)[:3] == ["made", "changed", "changed"]
    assert len(events(imports)) == 3  # one a chunk
