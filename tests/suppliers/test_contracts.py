"""Contracts of a supplier: what changes of them keep, tell, score and refuse."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from marshmallow import ValidationError

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed
from chassis.http import Expectation
from services.suppliers import schemas, usecases
from tests.callers import WHATEVER
from tests.suppliers.bodies import GLOVES, loaded
from tests.suppliers.merges import ask
from tests.suppliers.parts import (
    GLOVES_AREA,
    SKANE,
    STOCKHOLM,
    bands,
    by,
    contract,
    only_contract,
    told,
    whole,
)
from tests.suppliers.steps import history, registered, rescored

STALE = Expectation(frozenset({7}))


def test_a_contract_is_added_and_its_category_becomes_a_case(tx: Any, emitted: Any) -> None:
    supplier_id = registered(tx, contracts=[])
    made = usecases.contracts.add_contract(
        tx,
        supplier_id,
        contract(cpv="33141420", currency="EUR", option_ends_on="2030-12-31", reference="A-1"),
        by(STOCKHOLM),
    )
    assert (made["cpv"], made["currency"], str(made["option_ends_on"])) == ("33141420", "EUR", "2030-12-31")
    assert told(emitted, tx)[-2:] == ["supplier_changed", "supplier_risk_rescored"]
    changed, scored = emitted(tx)[-2:]
    [contract_told] = changed["data"]["contracts"]
    assert (contract_told["cpv"], contract_told["contract_id"]) == ("33141420", str(made["contract_id"]))
    assert (scored["data"]["band"], len(scored["data"]["causes"])) == ("high", 1)
    with pytest.raises(Conflict, match="reference"):
        usecases.contracts.add_contract(tx, supplier_id, contract(reference="A-1"), by())


def test_a_contract_that_moves_has_both_cases_scored_and_the_left_one_is_no_longer_followed(
    tx: Any, emitted: Any
) -> None:
    supplier_id = registered(tx)
    usecases.categories.put_category(tx, "garn", loaded(schemas.NewCategory, GLOVES), WHATEVER)
    place = only_contract(tx, supplier_id)
    usecases.contracts.change_contract(tx, place, contract(category_id="garn"), by())
    assert bands(tx, supplier_id) == {"garn": "high"}
    assert [event["subject"] for event in rescored(emitted, tx)] == [
        f"{supplier_id}/handskar",
        f"{supplier_id}/garn",
    ]
    back = usecases.contracts.change_contract(tx, place, contract(), by())
    assert (back["version"], set(bands(tx, supplier_id))) == (3, {"handskar"})


def test_a_contract_wrongly_registered_is_removed_and_its_cases_history_stays(tx: Any, emitted: Any) -> None:
    supplier_id = registered(tx)
    place = only_contract(tx, supplier_id)
    usecases.contracts.remove_contract(tx, place, "fel leverantör", by())
    assert (bands(tx, supplier_id), whole(tx, supplier_id)["contracts"]) == ({}, [])
    assert len(history(tx, supplier_id)["items"]) == 1
    assert told(emitted, tx)[-1] == "supplier_changed"
    gone = "SELECT id, owners FROM changes WHERE resource = 'risk' AND kind = 'deleted'"
    assert ask(tx, gone) == [(f"{supplier_id}/handskar", {"region": ["01", "14"], "area": ["F"]})]
    usecases.contracts.add_contract(tx, supplier_id, contract(), by())
    assert bands(tx, supplier_id) == {"handskar": "high"}
    assert rescored(emitted, tx)[-1]["data"]["previous_band"] is None


def test_a_later_end_and_more_value_are_kept_and_told_once(tx: Any, emitted: Any) -> None:
    supplier_id = registered(tx)
    place = only_contract(tx, supplier_id)
    longer = contract(ends_on="2029-12-31", value_ore=1)
    assert usecases.contracts.change_contract(tx, place, longer, by(STOCKHOLM))["version"] == 2
    assert usecases.contracts.change_contract(tx, place, longer, by(STOCKHOLM))["version"] == 2
    assert rescored(emitted, tx)[-1]["data"]["contract_ends_on"] == "2029-12-31"
    assert told(emitted, tx).count("supplier_changed") == 1


def test_who_takes_part_takes_others_in_and_nobody_out(tx: Any) -> None:
    supplier_id = registered(tx)
    place = only_contract(tx, supplier_id)
    for actor, regions in ((SKANE, ["01", "12", "14"]), (STOCKHOLM, ["12", "14"]), (STOCKHOLM, ["01"])):
        with pytest.raises(Forbidden):
            usecases.contracts.change_contract(tx, place, contract(regions=regions), by(actor))
    with pytest.raises(Forbidden, match="14"):
        usecases.contracts.remove_contract(tx, place, "fel", by(STOCKHOLM))
    usecases.contracts.change_contract(tx, place, contract(regions=["01", "12", "14"]), by(STOCKHOLM))
    usecases.contracts.change_contract(tx, place, contract(regions=["12"]), by(GLOVES_AREA))
    with pytest.raises(Forbidden):
        usecases.contracts.add_contract(tx, supplier_id, contract(regions=["12"]), by(STOCKHOLM))
    usecases.contracts.remove_contract(tx, place, "fel", by(SKANE))


def test_what_is_wrong_with_a_contract_is_said(tx: Any) -> None:
    supplier_id = registered(tx)
    place = only_contract(tx, supplier_id)
    with pytest.raises(Invalid) as refused:
        usecases.contracts.add_contract(tx, supplier_id, contract(category_id="garn"), by())
    assert list(refused.value.faults) == ["/category_id"]
    with pytest.raises(PreconditionFailed):
        usecases.contracts.change_contract(tx, place, contract(), by(expects=STALE))
    for unknown in ((supplier_id, uuid4()), (uuid4(), place[1])):
        with pytest.raises(NotFound):
            usecases.contracts.change_contract(tx, unknown, contract(), by())


def test_a_code_is_taken_with_its_check_digit_as_ted_writes_it(tx: Any) -> None:
    for written in ("33141420", "33141420-0"):
        assert contract(cpv=written)["cpv"] == "33141420"
    for wrong in ("33141420-", "33141420-²", "3141420", "33141421"):
        with pytest.raises(ValidationError):
            contract(cpv=wrong)
    with pytest.raises(NotFound):
        usecases.cpv.get_cpv(tx, "33141420-²")
