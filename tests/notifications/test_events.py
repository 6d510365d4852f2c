"""What this service refuses to hear: values that it could not keep, or not write a mail about."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from marshmallow import ValidationError

from services.notifications import events, usecases
from tests.notifications import examples
from tests.notifications.steps import NOW, contact, supplier

KEYS = {"supplier_id": str(uuid4()), "category_id": "gloves"}
HEARD: dict[type, dict[str, Any]] = {
    events.AssessmentInvited: examples.INVITED | {"contact_id": str(uuid4())},
    events.AssessmentCompleted: examples.COMPLETED,
    events.SupplierRiskRescored: examples.RESCORED,
}


@pytest.mark.parametrize(
    ("slice_", "field", "value"),
    [
        (events.AssessmentCompleted, "valid_until", "9999-12-31T23:59:59-23:59"),
        (events.AssessmentCompleted, "valid_until", "0001-01-01T00:00:00+23:59"),
        (events.AssessmentInvited, "deadline", "9999-12-31T23:59:59-23:59"),
        (events.SupplierRiskRescored, "as_of", "0001-01-01T00:00:00+23:59"),
        (events.AssessmentInvited, "generation", 10**30),
        (events.AssessmentInvited, "generation", 0),
        (events.AssessmentInvited, "year", 10**30),
        (events.AssessmentCompleted, "year", -1),
        (events.SupplierRiskRescored, "score", "1E+1000000"),
        (events.SupplierRiskRescored, "score", "100.1"),
        (events.SupplierRiskRescored, "previous_score", "-0.1"),
    ],
)
def test_a_value_beyond_all_sense_is_a_fault_of_the_event(slice_: type, field: str, value: Any) -> None:
    data = HEARD[slice_] | KEYS
    slice_().load(data)
    with pytest.raises(ValidationError) as refused:
        slice_().load(data | {field: value})
    assert list(refused.value.messages) == [field]


def test_a_supplier_that_names_one_contact_twice_is_refused() -> None:
    anna = contact(contact_id=str(uuid4()))
    data = {
        "supplier_id": str(uuid4()),
        "legal_name": "Exempelleverantör 017 AB",
        "contacts": [anna, contact(contact_id=str(uuid4()))],
        "contracts": [],
    }
    events.SupplierRegistered().load(data)
    with pytest.raises(ValidationError) as refused:
        events.SupplierChanged().load(data | {"contacts": [anna, anna | {"email": "bo@leverantor.example"}]})
    assert list(refused.value.messages) == ["contacts"]


def test_two_suppliers_that_name_one_contact_stop_no_batch(tx: Any) -> None:
    anna = contact()
    both = [supplier(uuid4(), anna), supplier(uuid4(), anna)]
    usecases.project_suppliers(tx, both, NOW)
