"""All that is wrong with a request is told at once: address, query and body together."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from chassis.http.endpoint import Endpoint
from services.suppliers.imports.schemas import ContactRow, SupplierRow
from services.suppliers.schemas.registry import Contract
from tests.chassis import seam
from tests.contracts.documents import ENDPOINTS

LONG = "x" * 51
ABSENT = {"If-None-Match": "*"}


def places(answer):
    assert seam.told(answer) == (422, "invalid"), answer.text
    return [fault["pointer"] for fault in answer.json()["errors"]]


def test_a_wrong_address_a_wrong_body_and_a_second_member_are_told_together(platform, live_things):
    answer = seam.send(platform, "PUT", f"/items/{LONG}", {"note": 1, "rank": "x"}, ABSENT)
    assert places(answer) == ["/note", "/rank", "{name}"]
    assert places(seam.send(platform, "PUT", f"/items/{LONG}", {"note": "x"}, ABSENT)) == ["{name}"]


def test_what_the_whole_breaks_is_told_beside_what_its_parts_break():
    contract = {**Contract().load(CONTRACT), "starts_on": "2026-01-02", "ends_on": "2026-01-01"}
    with pytest.raises(ValidationError) as refused:
        Contract().load({**contract, "value_ore": -1})
    assert sorted(refused.value.messages) == ["ends_on", "value_ore"]


CONTRACT = {
    "category_id": "handskar",
    "regions": ["01"],
    "clause_level": "basic",
    "clause_version": "1",
    "starts_on": "2026-01-01",
    "value_ore": 1,
}


def test_a_row_that_names_no_supplier_and_has_a_wrong_cell_hears_of_both():
    wrong = {"name": "Kim", "email": "none", "language": "sv", "role": "x"}
    with pytest.raises(ValidationError) as refused:
        ContactRow().load({**wrong, "region": "01"})
    assert sorted(refused.value.messages) == ["email", "own_number"]
    with pytest.raises(ValidationError) as refused:  # what is there and wrong does not count as missing
        ContactRow().load({**wrong, "region": "01", "own_number": " "})
    assert sorted(refused.value.messages) == ["email", "own_number"]
    assert refused.value.messages["own_number"] == ["Must contain a visible character."]
    with pytest.raises(ValidationError) as refused:
        SupplierRow().load({"orgnr": "5565436168", "country": "XX", "identifiers": {"orgnr": "2021005489"}})
    assert sorted(refused.value.messages) == ["country", "orgnr"]


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"method": "POST", "status": 201}, "creates=True"),
        ({"method": "POST", "creates": True}, "status 201"),
        ({"method": "DELETE", "creates": True}, "creates nothing"),
        ({"method": "POST", "creates": True, "status": 201, "transaction": False}, "in the database"),
    ],
)
def test_what_creates_is_said_and_not_guessed(declared, told):
    with pytest.raises(ValueError, match=told):
        Endpoint(route="/api/v1/things/x", scope="public", **declared)


def test_only_what_may_make_something_takes_a_condition_that_nothing_is_there(platform, live_things):
    assert not ENDPOINTS["suppliers.put_supplier"].creates
    refused = seam.send(platform, "DELETE", "/items/a", None, ABSENT)
    assert seam.told(refused) == (400, "malformed")
    needed = seam.send(platform, "DELETE", "/items/a")
    assert needed.json()["detail"] == "Send If-Match with the ETag that you have read."
