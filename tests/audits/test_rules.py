"""Rules are data, and faulty data is refused with every fault named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from marshmallow import ValidationError

from services.audits import rules
from services.audits.domain.policy import FACTS
from services.audits.working_days import is_workday

TEXT = Path(rules.__file__).with_name("policy.toml").read_text(encoding="utf-8")


def faults(text):
    with pytest.raises(ValidationError) as refused:
        rules.read_policy(text)
    return refused.value.messages


def test_every_fault_of_a_policy_is_named_at_once():
    text = TEXT
    for right, wrong in (
        ("rest_months = 12", "rest_months = 0"),
        ("notice = 0\n", ""),
        ('band = ["medium"]', 'band = ["middling"]'),
        ("claim_gap = { at_least = 25 }", "claim_gap = true, mood = 1"),
        ("not_cooperating = true", 'not_cooperating = "yes"'),
        ('decide_within_working_days = 5\nproposal = "office_audit"\nweeks = 8', ""),
        ('then = "none"', 'then = "none"\nweeks = 3\nwekes = 4'),
    ):
        assert right in text
        text = text.replace(right, wrong, 1)
    assert faults(text) == {
        "rest_months": ["Must be greater than or equal to 1."],
        "strength": ["Lacks notice."],
        "rows": {
            1: {
                "decide_within_working_days": ["person_decides needs it."],
                "proposal": ["person_decides needs it."],
                "weeks": ["person_decides needs it."],
            },
            2: {"when": {"not_cooperating": ["Must be true or false."]}},
            3: {
                "when": {
                    "claim_gap": ["Must be { at_least = number }."],
                    "mood": [f"Unknown fact; known are {', '.join(FACTS)}."],
                }
            },
            7: {
                "when": {
                    "band": ["Must be a list of bands: very_low, low, medium, high, very_high, no_data."]
                }
            },
            9: {"weeks": ["none has no use for it."], "wekes": ["Unknown field."]},
        },
    }


def test_rows_are_numbered_in_the_order_in_which_they_are_tried():
    assert "in order" in faults(TEXT.replace("number = 2\n", "number = 20\n"))["rows"][0]


def test_the_policy_has_the_ten_rows_of_the_domain():
    names = [
        "open_severe_deviation",
        "zero_tolerance_answer",
        "not_cooperating",
        "claim_gap",
        "high_after_office_audit_with_deviations",
        "very_high_risk",
        "high_risk",
        "medium_risk",
        "no_data",
        "low_risk",
    ]
    assert [row.name for row in rules.POLICY.rows] == names


def test_planning_rules_name_both_kinds():
    with pytest.raises(ValidationError) as refused:
        rules.read_planning("horizon_weeks = 4\n[kinds.office]\nlead_working_days = -1\nannounced = true")
    below = {"office": {"value": {"lead_working_days": ["Must be greater than or equal to 0."]}}}
    assert refused.value.messages == {"kinds": {**below, "_schema": ["Lacks factory."]}}


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 6, 19),  # Midsummer Eve
        date(2026, 12, 24),
        date(2026, 12, 31),
        date(2027, 1, 6),
        date(2027, 3, 29),  # Easter Monday
        date(2027, 5, 6),  # Ascension Day
        date(2026, 11, 21),  # a Saturday
    ],
)
def test_holidays_and_their_eves_are_no_working_days(day):
    assert is_workday(day) is False


def test_the_day_before_epiphany_is_a_working_day():
    assert is_workday(date(2027, 1, 5)) is True
