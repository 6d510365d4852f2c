"""What each caller sees of a supplier, by role, of own and others; and what stays that is not shown."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from services.suppliers import views
from services.suppliers.schemas.identifiers import PERSON
from tests.callers import OFFICE, caller

BUYER, NUMBERING, STRANGER = (caller("region", region=code) for code in ("01", "14", "12"))
SYSTEM = caller("client", region="01")
OWN_AREA, OTHER_AREA = caller("area_coordinator", area="F"), caller("area_coordinator", area="A")

SUPPLIER: dict[str, Any] = {
    "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
    "version": 3,
    "legal_name": "Exempelleverantör 017",
    "country": "SE",
    "status": "inactive",
    "status_reason": "Ingen verksamhet",
    "status_since": None,
    "language": "sv",
    "registered_at": None,
    "identifiers": {PERSON: "191212121212", "gln": "7300010000001"},
    "contacts": [{"name": "Kim Exempel"}],
    "sites": [
        {
            "site_id": "0",
            "tier": 0,
            "name": "Egen fabrik",
            "operator": None,
            "address": "Vägen 1",
            "country": "SE",
            "category_ids": ["visir"],
        },
        {
            "site_id": "1",
            "tier": 0,
            "name": "Hos annan",
            "operator": "Exempelfabrik AB",
            "address": "Vägen 2",
            "country": "EE",
            "category_ids": [],
        },
        {
            "site_id": "2",
            "tier": 1,
            "name": "Exempelfabrik",
            "operator": None,
            "address": "Road 3",
            "country": "CN",
            "category_ids": ["handskar"],
        },
        {
            "site_id": "3",
            "tier": 2,
            "name": "Råvara",
            "operator": None,
            "address": None,
            "country": "MM",
            "category_ids": ["gummi"],
        },
    ],
    "contracts": [{"category_id": "handskar", "regions": ["01"], "value_ore": 1}],
    "own_numbers": [{"region": "14", "number": "L-1"}],
    "areas": ["F"],
}
SHARED = ("categories", "countries", "country", "identifiers", "legal_name", "status", "supplier_id")


def test_the_office_sees_all() -> None:
    seen = views.shown(SUPPLIER, OFFICE)
    assert {name: seen[name] for name in SUPPLIER} == SUPPLIER
    assert (seen["shown"], seen["categories"], seen["countries"]) == (
        "whole",
        ["handskar", "visir"],
        ["CN", "EE", "SE"],
    )


@pytest.mark.parametrize("actor", [BUYER, SYSTEM, OWN_AREA])
def test_who_buys_from_it_sees_it_whole_but_for_sub_suppliers_and_persons(actor: Any) -> None:
    seen = views.shown(SUPPLIER, actor)
    nobody = dict.fromkeys(("name", "operator", "address"))
    own, elsewhere, tier_1, _ = SUPPLIER["sites"]
    assert seen["sites"] == [own, elsewhere | nobody, tier_1 | nobody]
    assert seen["identifiers"] == {"gln": "7300010000001"}
    same = ("contacts", "contracts", "own_numbers", "status_reason", "legal_name")
    assert {name: seen[name] for name in same} == {name: SUPPLIER[name] for name in same}
    assert seen["shown"] == "whole"


@pytest.mark.parametrize("actor", [STRANGER, OTHER_AREA])
def test_others_see_what_is_shared_and_that_more_is_not_shown(actor: Any) -> None:
    seen = views.shown(SUPPLIER, actor)
    assert seen["shown"] == "shared"
    assert [seen[name] for name in ("contacts", "sites", "contracts", "own_numbers")] == [None] * 4
    assert seen["status_reason"] is None
    assert {name: seen[name] for name in SHARED} == {
        "supplier_id": SUPPLIER["supplier_id"],
        "legal_name": "Exempelleverantör 017",
        "country": "SE",
        "status": "inactive",
        "identifiers": {"gln": "7300010000001"},
        "categories": ["handskar", "visir"],
        "countries": ["CN", "EE", "SE"],
    }


def test_who_only_numbers_it_sees_its_own_number_beside_what_is_shared() -> None:
    others = [{"region": "01", "number": "L-7"}, {"region": "12", "number": "L-8"}]
    seen = views.shown(SUPPLIER | {"own_numbers": [*SUPPLIER["own_numbers"], *others]}, NUMBERING)
    assert seen == views.shown(SUPPLIER, caller("region", region="20")) | {
        "own_numbers": SUPPLIER["own_numbers"]
    }
    assert seen["shown"] == "shared"


@pytest.mark.parametrize(
    ("actor", "view"),
    [(NUMBERING, "whole"), (BUYER, "shared"), (STRANGER, "shared"), (OWN_AREA, "shared")],
)
def test_who_numbers_it_sees_it_whole_while_it_has_no_contract_at_all(actor: Any, view: str) -> None:
    seen = views.shown(SUPPLIER | {"contracts": [], "areas": []}, actor)
    assert (seen["shown"], seen["contacts"]) == (view, SUPPLIER["contacts"] if view == "whole" else None)


def test_who_has_just_written_a_persons_number_is_shown_it_and_no_other() -> None:
    written = {"identifiers": {PERSON: "191212121212"}}
    assert views.shown(SUPPLIER, BUYER, written)["identifiers"] == SUPPLIER["identifiers"]
    written = {"identifiers": {PERSON: "197010632391"}}
    assert views.shown(SUPPLIER, BUYER, written)["identifiers"] == {"gln": "7300010000001"}


def test_what_is_not_shown_stays_where_it_is_left_out() -> None:
    before = SUPPLIER["identifiers"]
    assert views.kept_identifiers({}, before, BUYER) == {PERSON: before[PERSON]}
    assert views.kept_identifiers({}, before, OFFICE) == {}
    assert views.kept_identifiers({PERSON: "1"}, before, BUYER) == {PERSON: "1"}
    left_out = {"name": None, "operator": None, "address": None, "country": "DE"}
    own, elsewhere, _, _ = SUPPLIER["sites"]
    assert views.kept_site(left_out, elsewhere, BUYER) == {
        name: elsewhere[name] for name in ("name", "operator", "address")
    } | {"country": "DE"}
    assert views.kept_site(left_out, elsewhere, OFFICE) == left_out | {"name": "Hos annan"}
    assert views.kept_site(left_out, own, BUYER) == left_out | {"name": "Egen fabrik"}


def test_showing_changes_nothing_of_what_is_shown() -> None:
    before = copy.deepcopy(SUPPLIER)
    for actor in (OFFICE, BUYER, STRANGER):
        views.shown(SUPPLIER, actor)
    assert before == SUPPLIER
