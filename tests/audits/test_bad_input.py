"""Risks that nobody can store or compute with are unreadable, and auditors have names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from marshmallow import ValidationError

from chassis.http.reading import pointers
from chassis.loading import loader
from services.audits import schemas
from services.audits.events import SupplierRiskRescored
from tests.audits.steps import RISK

CASE = {**RISK, "supplier_id": str(UUID(int=1)), "category_id": "gloves"}
AUDITOR = {"name": "Examinator", "kinds": ["office"], "languages": ["sv"], "weekly_capacity": 5}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("score", 1e308),
        ("score", -1),
        ("score", "1e-999999999"),
        ("claim_gap", 1e308),
        ("critical_open", 2**40),
        ("severe_open", -1),
        ("as_of", "9999-12-31T23:59:59-23:59"),
        ("assessed_at", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_a_risk_beyond_all_bounds_is_unreadable_and_says_why(name: str, value: Any) -> None:
    loader(SupplierRiskRescored).load(CASE)
    with pytest.raises(ValidationError) as refused:
        loader(SupplierRiskRescored).load(CASE | {name: value})
    assert list(pointers(refused.value.messages)) == [f"/{name}"]


def test_a_claim_gap_may_be_negative_where_reviewers_found_more_than_was_claimed() -> None:
    assert loader(SupplierRiskRescored).load(CASE | {"claim_gap": -100})["claim_gap"] == -100


@pytest.mark.parametrize(
    ("name", "value"), [("name", " \u200b"), ("languages", ["ſv"]), ("languages", ["s\n"])]
)
def test_an_auditor_has_a_visible_name_and_languages_by_their_codes(name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        loader(schemas.NewAuditor).load(AUDITOR | {name: value})
    assert [at.split("/")[1] for at in pointers(refused.value.messages)] == [name]
