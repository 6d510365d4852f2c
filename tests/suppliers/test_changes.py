"""Changing a supplier's editable part: what stays, what is told, and what is refused."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from marshmallow import ValidationError

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed
from chassis.http import Expectation
from services.suppliers import schemas, usecases
from tests.callers import OFFICE, WHATEVER, caller
from tests.suppliers.bodies import GLOVES, SUPPLIER, loaded, put_gloves, register

EDITABLE = ("legal_name", "country", "language", "identifiers", "contacts")
STOCKHOLM, SCANIA = caller("region", region="01"), caller("region", region="12")
OWN_AREA = caller("area_coordinator", area=GLOVES["responsible_area"])
OTHER_AREA = caller("area_coordinator", area="A")
LEO = {"name": "Leo", "email": "leo@leverantor.example", "language": "en", "role": "sales"}


@pytest.fixture
def kept(tx: Any) -> dict[str, Any]:
    """A registered supplier."""
    put_gloves(tx)
    return register(tx, loaded(schemas.NewSupplier, SUPPLIER))


def change(tx: Any, kept: dict[str, Any], expects: Any = WHATEVER, actor: Any = OFFICE, **new: Any) -> Any:
    """Write a supplier as it is, but for `new`."""
    body = {name: kept[name] for name in EDITABLE} | new
    return usecases.registry.change_supplier(
        tx, kept["supplier_id"], loaded(schemas.SupplierChange, body), expects, actor
    )


def told(emitted: Any, tx: Any) -> list[dict[str, Any]]:
    return [
        event
        for event in emitted(tx)
        if event["type"].startswith("supplier_") and "risk" not in event["type"]
    ]


def test_a_change_is_kept_and_told_whole(tx: Any, kept: dict[str, Any], emitted: Any) -> None:
    changed = change(
        tx, kept, legal_name="Nya namnet AB", language="en", identifiers={"gln": "7300010000001"}
    )
    expected = {
        "legal_name": "Nya namnet AB",
        "language": "en",
        "identifiers": {"gln": "7300010000001"},
        "version": 2,
    }
    assert changed == kept | expected
    assert usecases.registry.get_supplier(tx, kept["supplier_id"], OFFICE) == changed
    registered, event = told(emitted, tx)
    assert (event["type"], event["subject"], event["version"]) == (
        "supplier_changed",
        registered["subject"],
        2,
    )
    expected.pop("version")
    assert event["data"] == registered["data"] | expected


def test_what_changes_nothing_is_neither_a_version_nor_told(
    tx: Any, kept: dict[str, Any], emitted: Any
) -> None:
    assert change(tx, kept) == kept
    assert change(tx, kept, identifiers={"orgnr": "556543-6168", "gln": "7300010000001"}) == kept
    assert [event["type"] for event in told(emitted, tx)] == ["supplier_registered"]


def test_a_contact_keeps_its_id_a_new_one_gets_one_and_one_left_out_is_gone(
    tx: Any, kept: dict[str, Any]
) -> None:
    [kim] = kept["contacts"]
    both = change(tx, kept, contacts=[LEO, kim | {"role": "ceo"}])
    by_name = {contact["name"]: contact for contact in both["contacts"]}
    assert by_name["Kim Exempel"] == kim | {"role": "ceo"}
    assert by_name["Leo"] == LEO | {"contact_id": by_name["Leo"]["contact_id"]}
    assert both["version"] == 2
    one = change(tx, both, contacts=[by_name["Leo"]])
    assert (one["contacts"], one["version"]) == ([by_name["Leo"]], 3)
    assert change(tx, one, contacts=[])["contacts"] == []


def test_an_address_is_one_contacts_whatever_its_case(tx: Any, kept: dict[str, Any]) -> None:
    again = [LEO, LEO | {"email": "LEO@leverantor.example", "name": "Någon annan"}]
    for attempt in (
        lambda: change(tx, kept, contacts=again),
        lambda: loaded(schemas.NewSupplier, SUPPLIER | {"contacts": again}),
    ):
        with pytest.raises(ValidationError) as refused:
            attempt()
        assert refused.value.messages == {"contacts": {1: {"email": ["Is named twice."]}}}


def test_a_contact_of_somebody_else_or_named_twice_is_refused_by_its_place(
    tx: Any, kept: dict[str, Any]
) -> None:
    [kim] = kept["contacts"]
    with pytest.raises(Invalid) as refused:
        change(tx, kept, contacts=[LEO, kim | {"contact_id": str(uuid4())}])
    assert list(refused.value.faults) == ["/contacts/1/contact_id"]
    with pytest.raises(Invalid) as refused:
        change(tx, kept, contacts=[kim, LEO, kim | {"email": "kim2@leverantor.example"}])
    assert list(refused.value.faults) == ["/contacts/2/contact_id"]
    assert usecases.registry.get_supplier(tx, kept["supplier_id"], OFFICE) == kept


def test_a_number_of_another_supplier_is_refused(tx: Any, kept: dict[str, Any]) -> None:
    register(tx, loaded(schemas.NewSupplier, SUPPLIER | {"identifiers": {"lei": "213800KUD8LAJWSQ9D15"}}))
    with pytest.raises(Conflict):
        change(tx, kept, identifiers={"lei": "213800KUD8LAJWSQ9D15"})


def test_only_who_has_seen_the_present_version_changes_it(tx: Any, kept: dict[str, Any]) -> None:
    change(tx, kept, Expectation(frozenset({1})), legal_name="B AB")
    for stale in (Expectation(frozenset({1})), Expectation(absent=True)):
        with pytest.raises(PreconditionFailed):
            change(tx, kept, stale, legal_name="C AB")
    with pytest.raises(NotFound):
        change(tx, kept | {"supplier_id": uuid4()}, legal_name="C AB")


def test_a_region_changes_what_it_has_a_contract_with_and_registers_with_a_contract_of_its_own(
    tx: Any, kept: dict[str, Any]
) -> None:
    assert change(tx, kept, actor=STOCKHOLM, legal_name="B AB")["version"] == 2
    with pytest.raises(Forbidden):
        change(tx, kept, actor=SCANIA, legal_name="C AB")
    new = loaded(schemas.NewSupplier, SUPPLIER | {"identifiers": {}})
    with pytest.raises(Forbidden):
        register(tx, new, SCANIA)
    assert register(tx, new, STOCKHOLM)["supplier_id"]


def test_a_region_changes_what_it_has_registered_without_a_contract(tx: Any) -> None:
    new = {**SUPPLIER, "contracts": [], "sites": [], "own_numbers": [{"region": "12", "number": "A-1"}]}
    made = register(tx, loaded(schemas.NewSupplier, new), SCANIA)
    assert change(tx, made, actor=SCANIA, legal_name="B AB")["version"] == 2
    with pytest.raises(Forbidden, match="no contract yet, and no own number of region 01"):
        change(tx, made, actor=STOCKHOLM, legal_name="C AB")
    with pytest.raises(Forbidden, match="no contract in your area's categories"):
        change(tx, made, actor=OWN_AREA, legal_name="C AB")


def test_regions_see_no_deeper_tier_than_they_share(tx: Any, kept: dict[str, Any]) -> None:
    factory, raw_material = kept["sites"]
    assert (factory["tier"], raw_material["tier"]) == (1, 2)
    unnamed = factory | dict.fromkeys(("name", "operator", "address"))
    for seen in (
        usecases.registry.get_supplier(tx, kept["supplier_id"], OWN_AREA),
        change(tx, kept, actor=STOCKHOLM),
        change(tx, kept, actor=STOCKHOLM, country="NO"),
    ):
        assert seen["sites"] == [unnamed]
    assert usecases.registry.get_supplier(tx, kept["supplier_id"], OFFICE)["sites"] == kept["sites"]


def test_a_coordinator_writes_for_all_regions_in_its_areas_categories_and_nothing_else(
    tx: Any, kept: dict[str, Any]
) -> None:
    assert change(tx, kept, actor=OWN_AREA, legal_name="B AB")["version"] == 2
    with pytest.raises(Forbidden):
        change(tx, kept, actor=OTHER_AREA, legal_name="C AB")
    new = loaded(schemas.NewSupplier, SUPPLIER | {"identifiers": {}})
    with pytest.raises(Forbidden, match="A contract of others only"):
        register(tx, new, OTHER_AREA)
    assert register(tx, new, OWN_AREA)["supplier_id"]
    with pytest.raises(Forbidden, match="Another region's number"):
        register(tx, new | {"own_numbers": [{"region": "01", "number": "A-1"}]}, OWN_AREA)


def test_a_category_that_no_area_answers_for_is_written_by_no_coordinator(
    tx: Any, kept: dict[str, Any]
) -> None:
    put_gloves(tx, responsible_area=None)
    with pytest.raises(Forbidden):
        change(tx, kept, actor=OWN_AREA, legal_name="B AB")
    with pytest.raises(Forbidden):
        register(tx, loaded(schemas.NewSupplier, SUPPLIER | {"identifiers": {}}), OWN_AREA)
