"""Which supplier a row is about, what it leaves as it is, and which rows could never be recognised again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import pytest

from chassis import tables
from services.suppliers import repository, schemas
from tests.suppliers.files import faults, states
from tests.suppliers.rows import CONTACT, CONTRACT, FIRST, ORGNR, OTHER, SECOND, everything

if TYPE_CHECKING:
    from tests.suppliers.files import Imports


@pytest.mark.parametrize("media_type", tables.MEDIA_TYPES)
@pytest.mark.parametrize("empty", ["", None], ids=["empty", "absent"])
def test_what_a_row_does_not_say_stays(imports: Imports, media_type: str, empty: str | None) -> None:
    def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
        kept = {name: value for name, value in row.items() if name not in names}
        return kept if empty is None or media_type == tables.NDJSON else row | dict.fromkeys(names, empty)

    imports.run("suppliers", [FIRST | {"country": "NO", "language": "en", "gln": "7300010000001"}])
    imports.run("contracts", [CONTRACT])
    before = everything(imports)
    contract = without(CONTRACT, "ends_on", "terms")
    numbers = {"regions": ["01", "14"], "value_ore": 125_000_000} if media_type == tables.NDJSON else {}
    assert states(imports.run("contracts", [contract | numbers], media_type=media_type)) == ["unchanged"]
    supplier = without(FIRST, "legal_name", "country", "language", "gln", "vat")
    assert states(imports.run("suppliers", [supplier], media_type=media_type)) == ["unchanged"]
    assert everything(imports) == before


def test_a_new_contract_without_an_end_or_terms_has_none(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    rows = [CONTRACT | {"ends_on": "", "terms": ""}, CONTRACT | {"reference": "B", "terms": ""}]
    assert states(imports.run("contracts", rows)) == ["made", "made"]
    assert imports.ask("SELECT ends_on::text, terms FROM contract ORDER BY reference") == [
        (None, {}),
        ("2028-12-31", {}),
    ]


def test_a_contract_that_would_begin_after_the_end_that_stays_is_rejected(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    imports.run("contracts", [CONTRACT])
    job = imports.run("contracts", [CONTRACT | {"starts_on": "2029-01-01", "ends_on": ""}])
    assert faults(job) == {
        2: [("ends_on", "2028-12-31 is registered, and must not be before starts_on.", "a later ends_on")]
    }


def test_a_new_supplier_needs_a_name(imports: Imports) -> None:
    job = imports.run("suppliers", [{"orgnr": ORGNR}])
    assert faults(job) == {
        2: [("legal_name", "A new supplier needs its name.", "a text of at most 200 characters")]
    }


@pytest.mark.parametrize(
    "row", [{"identifiers": {}}, {"own_numbers": []}, {"identifiers": {}, "own_numbers": []}, {}]
)
def test_a_row_without_any_number_could_not_be_recognised_again(
    imports: Imports, row: dict[str, Any]
) -> None:
    supplier = {"legal_name": "Nameless AB", "country": "SE", **row}
    job = imports.run("suppliers", [supplier], media_type=tables.NDJSON)
    [(column, problem, _)] = faults(job)[1]
    assert (column, "names no supplier" in problem) == ("", True)
    assert imports.ask("SELECT count(*) FROM supplier") == [0]


@pytest.mark.parametrize("media_type", tables.MEDIA_TYPES)
def test_an_export_can_be_imported_again_also_of_suppliers_without_numbers(
    imports: Imports, media_type: str
) -> None:
    imports.run("suppliers", [FIRST, SECOND | {"legal_name": "=HYPERLINK(1)"}])
    imports.run("contacts", [CONTACT])
    imports.ask_and_keep("DELETE FROM identifier")
    imports.ask_and_keep("DELETE FROM own_number WHERE number = 'L-1'")
    shown = exported(imports)
    before = everything(imports)
    for dry_run in (True, False):
        job = imports.run("suppliers", shown, media_type=media_type, dry_run=dry_run)
        assert (states(job), everything(imports)) == (["unchanged", "unchanged"], before)


def exported(imports: Imports) -> Any:
    """The list of suppliers, as an export has it."""
    ids = [UUID(str(each)) for each in imports.ask("SELECT supplier_id FROM supplier")]
    with imports.transaction() as tx:
        rows = schemas.SupplierView(many=True).dump(repository.registry.suppliers_by_id(tx, ids))
    return orjson.loads(orjson.dumps(rows))


def test_an_id_matches_and_must_be_known_and_agree(imports: Imports) -> None:
    job = imports.run("suppliers", [FIRST, SECOND])
    first, second = (str(row["item_id"]) for row in job["report"])
    rows = [
        {"supplier_id": first, "gln": "7300010000001"},
        {"supplier_id": second, "orgnr": ORGNR},
        {"supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11", "orgnr": OTHER},
        {"supplier_id": "L-1"},
    ]
    job = imports.run("suppliers", rows)
    assert faults(job) == {
        3: [
            (
                "orgnr",
                f"Belongs to another supplier than the row's supplier_id {second}.",
                "numbers of one supplier",
            )
        ],
        4: [
            (
                "supplier_id",
                "No supplier has this id: leave it out for a new one.",
                "the supplier's id in this platform, as exports have it",
            )
        ],
        5: [("supplier_id", "Not a valid UUID.", "the supplier's id in this platform, as exports have it")],
    }
    assert imports.ask("SELECT scheme FROM identifier WHERE supplier_id = %s ORDER BY 1", first) == [
        "gln",
        "orgnr",
    ]
    assert states(imports.run("contracts", [CONTRACT | {"orgnr": "", "supplier_id": first}])) == ["made"]


def test_a_row_that_names_two_numbers_of_a_scheme_is_rejected(imports: Imports) -> None:
    row = FIRST | {"identifiers": {"orgnr": OTHER, "gln": "7300010000001"}}
    job = imports.run("suppliers", [row], media_type=tables.NDJSON)
    assert faults(job) == {
        1: [
            (
                "orgnr",
                "The row's identifiers have another one.",
                "a Swedish organisation number, such as 556543-6168",
            )
        ]
    }
    same = FIRST | {"identifiers": {"orgnr": ORGNR}}
    assert states(imports.run("suppliers", [same], media_type=tables.NDJSON)) == ["made"]


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def test_a_row_that_is_nested_too_deep_is_rejected_alone(imports: Imports) -> None:
    rows = [f'{{"orgnr": "{ORGNR}", "legal_name": {nested(levels)}}}' for levels in (31, 32, 300, 900, 5000)]
    rows.append(orjson.dumps(FIRST).decode())
    job = imports.run("suppliers", "\n".join(rows).encode(), media_type=tables.NDJSON)
    assert job["reason"] is None
    assert states(job) == ["rejected"] * 5 + ["made"]
    too_deep = [("", "The line is nested deeper than 32 levels.", "a JSON object, whole on its line")]
    assert [faults(job)[number] == too_deep for number in (1, 2, 3, 4, 5)] == [False, True, True, True, True]


def test_a_cell_that_is_nested_too_deep_is_a_fault_of_its_column(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    rows = [CONTRACT | {"terms": nested(levels)} for levels in (32, 33, 300, 900, 5000)]
    job = imports.run("contracts", [*rows, CONTRACT])
    assert states(job) == ["rejected"] * 5 + ["made"]
    regions = imports.run("contracts", [CONTRACT | {"regions": "[" * 300 + "]" * 300}])
    assert faults(regions)[2][0][0] == "regions"


def test_a_number_that_stands_twice_in_a_row_is_one(imports: Imports) -> None:
    row = FIRST | {"own_numbers": [{"region": "01", "number": "L-1"}] * 2}
    assert states(imports.run("suppliers", [row], media_type=tables.NDJSON)) == ["made"]


def test_a_line_that_is_no_object_has_that_one_fault(imports: Imports) -> None:
    job = imports.run("suppliers", b"[1]\n{bad\nnull\n", media_type=tables.NDJSON)
    assert [[column for column, _, _ in each] for each in faults(job).values()] == [[""]] * 3
    assert faults(job)[1] == [("", "The line is not a JSON object.", "a JSON object, whole on its line")]
