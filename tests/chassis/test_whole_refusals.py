"""All that is wrong with a request is told at once: address, query and body together."""

from __future__ import annotations

from uuid import UUID

import pytest
from marshmallow import Schema, ValidationError, fields

from chassis.http.canonical import odd_ones
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


ODD = ["1_0", "%2B5", "%205", "5%20", "٥", "05", "1.0", "1e1", ""]


@pytest.mark.parametrize("text", ODD)
def test_a_number_is_written_in_one_way_in_a_query_and_in_an_address(platform, live_things, text):
    assert places(seam.send(platform, "GET", f"/items?limit={text}")) == ["?limit"]
    assert seam.told(seam.send(platform, "GET", f"/numbered/{text}"))[0] in {400, 404}


def test_a_number_that_is_one_is_taken(platform, live_things):
    assert seam.send(platform, "GET", "/items?limit=10").status_code == 200
    assert seam.send(platform, "GET", "/numbered/10").json()["name"] == "10"


class AnyQuery(Schema):
    """A value of each kind that a query has."""

    flag = fields.Boolean()
    day = fields.Date()
    id = fields.UUID()
    any = fields.String()


def test_other_values_of_a_query_are_written_in_one_way_too():
    fine = {"flag": "true", "day": "2026-01-31", "id": str(UUID(int=1)), "any": " 1_0"}
    assert odd_ones(AnyQuery(), fine) == {}
    odd = {"flag": "on", "day": "20260131", "id": UUID(int=1).hex, "more": "1_0"}
    assert sorted(odd_ones(AnyQuery(), odd)) == ["day", "flag", "id"]


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
