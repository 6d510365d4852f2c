"""The case's states, and which cases a campaign can invite, decided without any database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from services.assessments.domain import campaign, case, scoring
from tests.assessments.questionnaires import question, questionnaire

ACTIONS = ("answer", "submit", "review", "complete")


@pytest.mark.parametrize(("state", "after_each"), [
    ("invited", ("in_progress", None, None, None)),
    ("in_progress", ("in_progress", "submitted", None, None)),
    ("submitted", (None, None, "under_review", None)),
    ("under_review", (None, None, None, "completed")),
    ("completed", (None, None, None, None)),
])  # fmt: skip
def test_a_case_moves_only_along_its_states(state, after_each):
    def attempt(action):
        try:
            return case.after(state, action)
        except case.NotAllowedError:
            return None

    assert tuple(attempt(action) for action in ACTIONS) == after_each


@pytest.mark.parametrize(("state", "sentence"), [
    ("in_progress", "cannot review an assessment that is in_progress; allowed: answer, submit"),
    ("completed", "cannot review an assessment that is completed; allowed: nothing more"),
])  # fmt: skip
def test_a_refused_action_says_what_is_allowed(state, sentence):
    with pytest.raises(case.NotAllowedError, match=sentence):
        case.after(state, "review")


NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
CASE = case.Assessment(
    **dict.fromkeys(
        ("assessment_id", "campaign_id", "supplier_id", "invitation_id", "contact_id"), UUID(int=9)
    ),
    category_id="gloves",
    year=2026,
    questionnaire="test 1",
    since=NOW,
    deadline=date(2027, 1, 2),
    answers={"A": "yes", "B": "no"},
)


def test_answers_are_merged_and_null_removes_one():
    assert case.answer(CASE, {"B": None, "C": "no", "D": None}, LATER) == replace(
        CASE, state="in_progress", since=LATER, answers={"A": "yes", "C": "no"}
    )


def test_going_on_answering_does_not_restart_the_state():
    begun = replace(CASE, state="in_progress")
    assert case.answer(begun, {"B": "yes"}, LATER) == replace(begun, answers={"A": "yes", "B": "yes"})


def test_submitting_fixes_what_the_supplier_claims():
    result = scoring.assess(questionnaire(question("A", critical=True)), {"A": "no"})
    assert case.submit(replace(CASE, state="in_progress"), result, LATER) == replace(
        CASE,
        state="submitted",
        since=LATER,
        submitted_at=LATER,
        claimed=[[Decimal(0)] * 4, *[[None] * 4] * 6],
        completeness=Decimal(100),
        critical=["A"],
    )


NOTHING = [[None] * 4 for _ in range(7)]
JUDGED = [[Decimal(50), None, None, None], *NOTHING[1:]]


@pytest.mark.parametrize(("judged", "stage", "kept"), [
    (JUDGED, "reviewed", JUDGED),
    (None, "self_declared", None),
    (NOTHING, "self_declared", None),
])  # fmt: skip
def test_a_review_that_judges_no_cell_leaves_the_claim_self_declared(judged, stage, kept):
    reviewed = replace(CASE, state="under_review", critical=["Q1", "Q2"])
    completed = case.complete(reviewed, case.Verdict(judged, "dialogue", ["Q2"]), LATER, valid_years=1)
    assert completed == replace(
        reviewed,
        state="completed",
        since=LATER,
        judged=kept,
        recommendation="dialogue",
        resolved_critical=["Q2"],
        completed_at=LATER,
        valid_until=LATER.replace(year=2027),
    )
    assert (completed.stage, completed.open_critical) == (stage, ["Q1"])


def test_a_review_resolves_only_flags_that_were_raised():
    verdict = case.Verdict(None, "none", ["Q1", "Q9"])
    assert case.unflagged(replace(CASE, critical=["Q1"]), verdict) == {
        "/resolved_critical/1": "has no critical flag here"
    }


def test_validity_from_a_leap_day_ends_on_the_28th():
    assert case.years_later(datetime(2028, 2, 29, tzinfo=UTC), 1) == datetime(2029, 2, 28, tzinfo=UTC)


KNOWN, MUTE, STRANGE, CONTACT = (UUID(int=number) for number in range(1, 5))
SUPPLIERS = {
    KNOWN: campaign.Supplier(KNOWN, CONTACT, frozenset({"gloves", "masks"})),
    MUTE: campaign.Supplier(MUTE, None, frozenset({"masks"})),
}


def test_a_campaign_names_every_case_that_cannot_be_invited():
    cases = [
        (KNOWN, "gloves"),
        (KNOWN, "beds"),
        (STRANGE, "gloves"),
        (MUTE, "beds"),
        (KNOWN, "masks"),
        (KNOWN, "gloves"),
    ]
    assert campaign.refusals(cases, SUPPLIERS, taken={(KNOWN, "masks")}) == {
        "/cases/1/category_id": "the supplier has no contract in this category",
        "/cases/2/supplier_id": "not known here yet",
        "/cases/3/supplier_id": "has no contact to invite",
        "/cases/3/category_id": "the supplier has no contract in this category",
        "/cases/4": "already has an assessment that year",
        "/cases/5": "the same case as /cases/0",
    }


@pytest.mark.parametrize(("contacts", "asked"), [
    ([], None),
    ([(KNOWN, "sales")], KNOWN),
    ([(KNOWN, "sales"), (MUTE, "sustainability")], MUTE),
    ([(KNOWN, "sales"), (MUTE, "finance")], KNOWN),
])  # fmt: skip
def test_the_contact_whose_role_is_nearest_to_sustainability_is_asked(contacts, asked):
    assert campaign.contact_to_ask(contacts, ["sustainability", "sales"]) == asked


def test_the_last_day_to_answer_is_the_one_asked_for_or_the_usual_weeks_away():
    assert campaign.last_day(date(2027, 3, 1), NOW, answer_weeks=6) == date(2027, 3, 1)
    assert campaign.last_day(None, NOW, answer_weeks=6) == date(2027, 1, 2)


def test_the_last_day_to_answer_may_be_today_but_not_have_passed():
    assert campaign.late(NOW.date(), NOW) == {}
    assert campaign.late(date(2026, 11, 20), NOW) == {"/answer_by": "has passed"}
