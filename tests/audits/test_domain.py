"""The audit policy, sentence by sentence (DOMAIN.md)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.audits.domain.case import Case, Reason, explain
from services.audits.domain.decision import decide, matching
from services.audits.rules import POLICY
from services.audits.working_days import is_workday
from tests.audits.cases import (
    AS_OF,
    DEVIATED,
    EARLIER,
    KEY,
    WEEKS_4,
    WEEKS_8,
    WEEKS_13,
    WEEKS_26,
    codes,
    decided,
    measure,
    outline,
    risk,
)


@pytest.mark.parametrize(
    ("facts", "past", "expected"),
    [
        ({"severe_open": 1}, (), (1, "person_decides", "opened", date(2026, 11, 27))),
        ({"critical_open": 1}, (), (2, "person_decides", "opened", date(2026, 11, 27))),
        ({"not_cooperating": True}, (), (3, "notice", "none", None)),
        ({"claim_gap": Decimal(25)}, (), (4, "office_audit", "opened", WEEKS_13)),
        ({"band": "high"}, DEVIATED, (5, "factory_audit", "opened", WEEKS_13)),
        ({"band": "very_high"}, DEVIATED, (5, "factory_audit", "opened", WEEKS_13)),
        ({"band": "very_high"}, (), (6, "factory_audit", "opened", WEEKS_13)),
        ({"band": "very_high", "site_known": False}, (), (6, "transparency_request", "opened", WEEKS_4)),
        ({"band": "high"}, (), (7, "office_audit", "opened", WEEKS_26)),
        ({"band": "medium"}, (), (8, "dialogue", "opened", WEEKS_26)),
        ({"band": "no_data", "score": None}, (), (9, "dialogue", "opened", WEEKS_13)),
        (
            {"band": "no_data", "score": None, "site_known": False},
            (),
            (9, "transparency_request", "opened", WEEKS_13),
        ),
        ({"band": "low"}, (), (10, "none", "none", None)),
        ({"band": "very_low"}, (), (10, "none", "none", None)),
    ],
)
def test_each_row_has_its_outcome_and_period(facts, past, expected):
    assert outline(decided(reported=past, **facts)) == expected


def test_a_claim_gap_just_under_25_points_is_none():
    assert decided(claim_gap=Decimal("24.99")).row == 8


def test_the_first_matching_row_wins():
    everything = {"severe_open": 1, "critical_open": 1, "not_cooperating": True, "claim_gap": Decimal(30)}
    case = Case(key=KEY, risk=risk(band="very_high", **everything), reported=DEVIATED)
    assert [row.number for row in matching(case, POLICY)] == [1, 2, 3, 4, 5, 6]
    assert decide(case, POLICY, is_workday).row == 1


@pytest.mark.parametrize("band", ["no_data", "medium", "high", "very_high"])
def test_rows_4_to_9_apply_only_to_a_case_that_has_a_completed_assessment(band):
    decision = decided(band=band, stage=None, claim_gap=Decimal(40), reported=DEVIATED)
    assert (*outline(decision), codes(decision)) == (None, "none", "none", None, ["no_row_applies"])


@pytest.mark.parametrize(
    ("facts", "row"),
    [
        ({"severe_open": 2}, 1),
        ({"critical_open": 1}, 2),
        ({"not_cooperating": True}, 3),
        ({"band": "low"}, 10),
    ],
)
def test_rows_1_to_3_and_10_need_no_assessment(facts, row):
    assert decided(stage=None, **facts).row == row


@pytest.mark.parametrize(
    ("facts", "proposal", "held_within"),
    [({"severe_open": 1}, "factory_audit", WEEKS_4), ({"critical_open": 1}, "office_audit", WEEKS_8)],
)
def test_rows_1_and_2_open_a_decision_for_a_person_with_a_proposal(facts, proposal, held_within):
    decision = decided(**facts)
    assert (decision.proposal, decision.proposal_due_on, decision.listed) == (proposal, held_within, True)
    assert decision.needs_slot is False


def test_five_working_days_count_from_a_stockholm_date_and_skip_holidays():
    before_christmas = datetime(2026, 12, 21, 12, tzinfo=UTC)  # then 22, 23, 28, 29, 30 December
    assert decided(severe_open=1, as_of=before_christmas).due_on == date(2026, 12, 30)


def test_a_period_is_calendar_weeks_moved_back_to_a_working_day():
    # 26 weeks after 25 June 2026 is 24 December: the working day before it is the 23rd
    assert decided(band="high", as_of=datetime(2026, 6, 25, 12, tzinfo=UTC)).due_on == date(2026, 12, 23)


# --- the office's recommendation


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"band": "low", "recommendation": "dialogue"}, (10, "dialogue", "opened", WEEKS_26)),
        ({"band": "low", "recommendation": "office_audit"}, (10, "office_audit", "opened", WEEKS_26)),
        ({"band": "medium", "recommendation": "factory_audit"}, (8, "factory_audit", "opened", WEEKS_13)),
        ({"band": "high", "recommendation": "factory_audit"}, (7, "factory_audit", "opened", WEEKS_13)),
        (
            {"claim_gap": Decimal(25), "recommendation": "factory_audit"},
            (4, "factory_audit", "opened", WEEKS_13),
        ),
    ],
)
def test_a_stricter_recommendation_wins_and_is_listed(facts, expected):
    decision = decided(**facts)
    assert outline(decision) == expected
    assert (decision.listed, codes(decision)[-1]) == (True, "stricter_by_recommendation")
    assert decision.rule == f"2026.1/{decision.row}+recommendation"


@pytest.mark.parametrize("milder", ["none", "dialogue"])
def test_a_milder_recommendation_changes_nothing_and_is_listed(milder):
    decision = decided(band="high", recommendation=milder)
    assert outline(decision) == (7, "office_audit", "opened", WEEKS_26)
    difference = Reason("recommendation_differs", {"policy": "office_audit", "recommendation": milder})
    assert (decision.listed, decision.reasons[-1]) == (True, difference)


def test_a_recommendation_to_do_nothing_takes_no_notice_back():
    decision = decided(not_cooperating=True, recommendation="none")
    assert (decision.outcome, codes(decision)[-1]) == ("notice", "recommendation_differs")


def test_the_same_recommendation_is_no_difference():
    assert decided(band="high", recommendation="office_audit").listed is False


def test_a_person_who_decides_sees_a_recommendation_that_differs_from_the_proposal():
    decision = decided(severe_open=1, recommendation="office_audit")
    assert (decision.outcome, codes(decision)[-1]) == ("person_decides", "recommendation_differs")


# --- decisions for a person


def test_a_decision_that_waits_for_a_person_keeps_its_date_when_the_cause_returns():
    waiting = measure(2, "person_decides", due_on=date(2026, 11, 23))
    decision = decided((waiting,), critical_open=1)
    assert (*outline(decision), decision.ends) == (2, "person_decides", "joined", date(2026, 11, 23), ())


def test_a_decision_that_waits_for_a_person_ends_when_its_row_no_longer_decides():
    waiting = measure(2, "person_decides", due_on=date(2026, 11, 23))
    assert decided((waiting,), band="high").ends == (EARLIER,)


def test_a_reason_reads_as_a_line_for_people():
    decision = decided(band="high", as_of=AS_OF, contract_ends_on=date(2027, 1, 1))
    assert explain(decision.reasons) == (
        "high risk (row 7, band high, score 45.0, assessed yes);"
        " contract ends too soon (months 12, contract ends on 2027-01-01)"
    )
