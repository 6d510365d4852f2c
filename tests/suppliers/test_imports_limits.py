"""An import lets a caller do to what is registered what the API lets them do, and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.callers import caller
from tests.suppliers.files import category, faults, states
from tests.suppliers.rows import CONTACT, CONTRACT, FIRST, ORGNR, SECOND, everything

if TYPE_CHECKING:
    from chassis.access import Identity
    from tests.suppliers.files import Imports

OURS, THEIRS = caller("client", region="01"), caller("region", region="14")
AREA, OTHER_AREA = caller("area_coordinator", area="F"), caller("area_coordinator", area="A")
OF_14 = CONTRACT | {"regions": "14", "reference": "14-REF-1"}
OUTSIDE = "would be outside what you may write."
OTHERS = (
    "This supplier would be outside what you may write: region 01 takes part in none of its contracts."
    " Register a contract with it first."
)


@pytest.fixture
def theirs(imports: Imports) -> Imports:
    """A supplier with a contact and a contract of region 14's."""
    imports.run("suppliers", [FIRST | {"region": "14"}])
    imports.run("contracts", [OF_14])
    imports.run("contacts", [CONTACT | {"region": "14"}])
    return imports


def refused(imports: Imports, kind: str, row: dict[str, Any], actor: Identity) -> list[Any]:
    """What is wrong with the one row of a file, which changes nothing."""
    before = everything(imports)
    job = imports.run(kind, [row], actor=actor)
    assert (states(job), everything(imports)) == (["rejected"], before)
    return faults(job)[2]


def test_another_region_s_contract_is_not_taken_by_its_reference(theirs: Imports) -> None:
    row = OF_14 | {"regions": "01", "value_ore": "1"}
    assert refused(theirs, "contracts", row, OURS) == [
        (
            "reference",
            f"The contract of others that is registered under it {OUTSIDE}",
            "a reference that no contract of others has",
        )
    ]
    new = refused(theirs, "contracts", OF_14 | {"reference": "new"}, OURS)
    assert new == [("regions", f"A contract of others only {OUTSIDE}", "a list with 01")]


def test_what_is_added_to_a_joint_contract_is_one_s_own_and_nobody_is_taken_out(imports: Imports) -> None:
    imports.run("suppliers", [FIRST])
    imports.run("contracts", [CONTRACT])  # of 01 and 14
    alone = refused(imports, "contracts", CONTRACT | {"regions": "14"}, THEIRS)
    assert alone == [("regions", "Others take part in this contract, and stay in it: 01.", "a list with 01")]
    left = refused(imports, "contracts", CONTRACT | {"regions": "01"}, THEIRS)
    assert left == [("regions", f"A contract of others only {OUTSIDE}", "a list with 14")]
    joined = CONTRACT | {"regions": "01, 14, 24", "value_ore": "2"}
    assert states(imports.run("contracts", [joined], actor=THEIRS)) == ["changed"]
    assert states(imports.run("contracts", [CONTRACT])) == ["changed"]  # the office takes 24 out again


def test_contacts_are_written_by_those_who_have_a_contract(theirs: Imports) -> None:
    kim = CONTACT | {"region": "14", "name": "Kim hijacked"}
    for row in (kim, kim | {"email": "mallory@evil.example"}):
        assert refused(theirs, "contacts", row, OURS) == [("", OTHERS, "what is registered")]
    assert states(theirs.run("contacts", [kim], actor=THEIRS)) == ["changed"]
    assert states(theirs.run("contacts", [kim | {"email": "new@ett.example"}], actor=AREA)) == ["made"]


def test_a_supplier_of_others_keeps_its_names_and_identifiers_and_gets_one_s_own_number(
    theirs: Imports,
) -> None:
    mine = {"orgnr": ORGNR, "region": "01", "own_number": "A-1", "legal_name": "Exempel 1 AB"}
    row = mine | {"legal_name": "Renamed AB", "country": "NO", "gln": "7300010000001"}
    assert refused(theirs, "suppliers", row, OURS) == [
        ("legal_name", OTHERS, "Exempel 1 AB"),
        ("country", OTHERS, "SE"),
        ("gln", OTHERS, "what is registered"),
    ]
    assert states(theirs.run("suppliers", [mine], actor=OURS)) == ["changed"]
    assert states(theirs.run("suppliers", [row], actor=OURS)) == ["rejected"]
    assert states(theirs.run("contracts", [CONTRACT | {"regions": "01"}], actor=OURS)) == ["made"]
    assert states(theirs.run("suppliers", [row], actor=OURS)) == ["changed"]
    assert theirs.ask("SELECT legal_name, country FROM supplier") == [("Renamed AB", "NO")]


def test_numbers_of_other_regions_are_written_by_them_and_may_stand_in_a_file(theirs: Imports) -> None:
    new = FIRST | {"region": "14", "own_number": "new"}
    for actor in (OURS, AREA):
        assert refused(theirs, "suppliers", new, actor) == [
            ("region", f"Another region's number {OUTSIDE}", "01" if actor is OURS else "no region")
        ]
        assert states(theirs.run("suppliers", [FIRST | {"region": "14"}], actor=actor)) == ["unchanged"]


def test_who_is_limited_to_an_area_writes_its_categories_contracts_for_all_regions(theirs: Imports) -> None:
    changed = OF_14 | {"value_ore": "3", "regions": "01, 24"}
    assert refused(theirs, "contracts", changed, OTHER_AREA)[0][0] == "reference"
    assert refused(theirs, "contracts", changed | {"reference": "new"}, OTHER_AREA) == [
        ("category_id", f"A contract of others only {OUTSIDE}", "a category of your area")
    ]
    assert refused(theirs, "contacts", CONTACT | {"region": "14", "name": "x"}, OTHER_AREA)
    assert refused(theirs, "suppliers", {"orgnr": ORGNR, "legal_name": "x"}, OTHER_AREA)
    assert states(theirs.run("contracts", [changed], actor=AREA)) == ["changed"]
    assert states(theirs.run("suppliers", [{"orgnr": ORGNR, "legal_name": "x"}], actor=AREA)) == ["changed"]


def test_a_contract_leaves_a_category_only_by_those_who_may_write_there(theirs: Imports) -> None:
    theirs.prepare(lambda tx: category(tx, "hattar", responsible_area="A"))
    to_hats = OF_14 | {"category_id": "hattar"}
    assert refused(theirs, "contracts", to_hats, AREA) == [
        ("category_id", f"A contract of others only {OUTSIDE}", "a category of your area")
    ]
    assert refused(theirs, "contracts", to_hats, OTHER_AREA)[0][0] == "reference"
    assert states(theirs.run("contracts", [to_hats], actor=THEIRS)) == ["changed"]


def test_a_supplier_without_a_contract_is_of_the_regions_that_have_a_number_for_it(imports: Imports) -> None:
    renamed = SECOND | {"legal_name": "Renamed AB"}
    assert states(imports.run("suppliers", [SECOND, renamed], actor=OURS)) == ["made", "changed"]
    assert states(imports.run("suppliers", [renamed], actor=OURS)) == ["unchanged"]
    assert states(imports.run("suppliers", [SECOND], actor=OURS)) == ["changed"]
    kim = CONTACT | {"own_number": "L-2"}
    assert states(imports.run("contacts", [kim], actor=OURS)) == ["made"]
    theirs = {"orgnr": SECOND["orgnr"], "legal_name": "Theirs AB"}
    why = (
        "it has no contract yet, and no own number of region 14. Import your own number for it, or a contract"
    )
    said = f"This supplier would be outside what you may write: {why} with it, first."
    assert refused(imports, "suppliers", theirs, THEIRS) == [("legal_name", said, "Exempel 2 AB")]
    assert refused(imports, "contacts", kim | {"name": "x"}, THEIRS) == [("", said, "what is registered")]
    number = {"orgnr": SECOND["orgnr"], "region": "14", "own_number": "7"}
    assert states(imports.run("suppliers", [number, theirs], actor=THEIRS)) == ["changed", "changed"]


def test_a_number_of_one_s_own_is_not_enough_where_there_are_contracts(theirs: Imports) -> None:
    mine = {"orgnr": ORGNR, "region": "01", "own_number": "A-1"}
    assert states(theirs.run("suppliers", [mine], actor=OURS)) == ["changed"]
    assert refused(theirs, "suppliers", mine | {"legal_name": "x"}, OURS) == [
        ("legal_name", OTHERS, "Exempel 1 AB")
    ]


def test_areas_reach_suppliers_by_contracts_only(imports: Imports) -> None:
    imports.run("suppliers", [SECOND])
    [(_, said, _)] = refused(imports, "suppliers", SECOND | {"legal_name": "x"}, AREA)
    assert said.endswith("it has no contract in your area's categories.")
