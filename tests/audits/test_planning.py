"""Where an audit finds its slot, and what becomes of it afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.audits.domain import audit as lifecycle
from services.audits.domain.audit import NotAllowedError, Occasion
from services.audits.domain.case import Case, Reason
from services.audits.domain.planning import Auditor, Diary, Slot
from services.audits.rules import PLANNING
from services.audits.working_days import is_workday
from tests.audits.cases import DAY, KEY, OPEN, WEEKS_13, WEEKS_26, audit, decided, risk

A, B, C = (
    Auditor(UUID(int=n), kinds, 2) for n, kinds in ((1, ("office",)), (2, ("office",)), (3, ("factory",)))
)
# Ten working days after Saturday 21 November: Friday 4 December. Twenty: Friday 18 December.
W49, W50, W51 = date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14)
FAR = date(2027, 5, 21)
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def diary(*auditors, load=None, today=DAY):
    return Diary(auditors, load or {}, PLANNING, today, is_workday)


def free(week, free, capacity=2, code="first_free_slot", **more):
    return Reason(code, {"week": week, "free": free, "weekly_capacity": capacity} | more)


def test_an_audit_takes_the_earliest_slot_after_the_lead_time():
    assert diary(A).book("office", FAR) == Slot(date(2026, 12, 4), A.auditor_id, free("2026-W49", 2))


def test_only_an_auditor_of_that_kind_is_taken():
    assert diary(A, C).book("factory", FAR) == Slot(date(2026, 12, 18), C.auditor_id, free("2026-W51", 2))


def test_of_several_the_one_with_most_free_capacity_is_taken():
    load = {(A.auditor_id, W49): 1}
    assert diary(A, B, load=load).book("office", FAR).auditor_id == B.auditor_id


def test_a_batch_is_spread_over_auditors_weeks_and_days():
    book = diary(A, B)
    slots = [book.book("office", FAR) for _ in range(8)]
    assert [(slot.auditor_id.int, slot.starts_on) for slot in slots] == [
        (1, date(2026, 12, 4)),
        (2, date(2026, 12, 4)),
        (1, date(2026, 12, 4)),
        (2, date(2026, 12, 4)),
        (1, date(2026, 12, 7)),
        (2, date(2026, 12, 7)),
        (1, date(2026, 12, 8)),
        (2, date(2026, 12, 8)),
    ]


def test_a_full_week_is_passed_over():
    load = {(A.auditor_id, W49): 2, (A.auditor_id, W50): 3}
    assert diary(A, load=load).book("office", FAR) == Slot(W51, A.auditor_id, free("2026-W51", 2))


def test_in_the_week_of_the_due_date_the_slot_is_not_after_it():
    load = {(A.auditor_id, W49): 2, (A.auditor_id, W50): 1}
    assert diary(A, load=load).book("office", W50).starts_on == W50


def test_a_week_of_holidays_has_no_slot():
    assert diary(A, today=date(2026, 12, 10)).book("office", FAR).starts_on == date(2026, 12, 28)


def test_without_a_free_slot_in_time_the_first_one_afterwards_is_taken_and_the_reason_says_so():
    late = {"due_on": date(2026, 12, 1), "days_late": 3}
    reason = free("2026-W49", 2, code="first_free_slot_is_after_due_date", **late)
    assert diary(A).book("office", date(2026, 12, 1)) == Slot(date(2026, 12, 4), A.auditor_id, reason)


def test_without_an_auditor_the_audit_is_unassigned_on_its_due_date_and_says_so():
    reason = Reason("no_auditor_for_kind", {"kind": "factory", "due_on": FAR})
    assert diary(A).book("factory", FAR) == Slot(FAR, None, reason)


def test_without_an_auditor_a_due_date_within_the_lead_time_is_not_promised():
    assert diary().book("office", DAY).starts_on == date(2026, 12, 4)


def test_without_any_capacity_up_to_the_horizon_the_audit_is_unassigned_and_says_so():
    nobody = replace(A, weekly_capacity=0)
    reason = Reason("no_free_slot_within_horizon", {"kind": "office", "due_on": FAR})
    book = diary(nobody)
    assert [book.book("office", FAR) for _ in range(2)] == [Slot(FAR, None, reason)] * 2


def test_a_released_slot_is_taken_again():
    book = diary(replace(A, weekly_capacity=1))
    first, second = book.book("office", FAR), book.book("office", FAR)
    book.release(first.auditor_id, first.starts_on)
    assert (second.starts_on, book.book("office", FAR).starts_on) == (date(2026, 12, 7), first.starts_on)


# --- what becomes of the case's audit


def occasion(at_once=False):
    return Occasion(
        audit_id=UUID(int=40),
        causes=(UUID(int=41),),
        correlation_id="k",
        now=NOW,
        confirm_on=date(2026, 11, 27),
        at_once=at_once,
    )


def after(open_audit=None, at_once=False, **facts):
    case = Case(key=KEY, risk=risk(**facts), open_audit=open_audit)
    return lifecycle.after(decided(open_audit=open_audit, **facts), case, diary(A, C), occasion(at_once))


def test_a_new_audit_is_provisional_with_slot_and_reasons():
    new = after(band="high")
    assert (new.state, new.kind, new.due_on, new.starts_on) == (
        "provisional",
        "office",
        WEEKS_26,
        date(2026, 12, 4),
    )
    assert [reason.code for reason in new.reasons] == ["high_risk", "first_free_slot"]
    assert (new.rule, new.causes, new.confirm_on) == ("2026.1/7", (UUID(int=41),), date(2026, 11, 27))


def test_an_audit_that_confirms_at_once_is_confirmed_from_the_start():
    new = after(at_once=True, band="high")
    assert (new.state, new.confirmed_at) == ("confirmed", NOW)


def test_a_joined_audit_only_lists_the_cause():
    assert after(audit(), band="high") == audit(causes=(UUID(int=30), UUID(int=41)))


def test_an_upgraded_audit_keeps_its_identity_and_finds_a_new_slot():
    upgraded = after(audit(state="confirmed", confirmed_at=NOW), band="very_high")
    assert (upgraded.audit_id, upgraded.created_at) == (OPEN, audit().created_at)
    assert (upgraded.kind, upgraded.auditor_id, upgraded.starts_on) == (
        "factory",
        C.auditor_id,
        date(2026, 12, 18),
    )
    assert (upgraded.state, upgraded.policy_row, upgraded.due_on) == ("provisional", 6, WEEKS_13)
    assert upgraded.causes == (UUID(int=30), UUID(int=41))


def test_an_upgraded_audit_that_is_early_enough_does_not_move():
    upgraded = after(audit(state="confirmed"), claim_gap=30)
    assert (upgraded.state, upgraded.starts_on, upgraded.due_on) == ("confirmed", audit().starts_on, WEEKS_13)
    assert [reason.code for reason in upgraded.reasons] == [
        "claim_gap",
        "upgrades_open_audit",
        "first_free_slot",
    ]


def test_a_better_score_marks_the_audit_and_a_worse_one_takes_the_mark_away():
    assert after(audit()) == audit(cancellation_proposed=True)
    marked = audit(cancellation_proposed=True)
    assert after(marked, band="high") == audit(causes=(UUID(int=30), UUID(int=41)))


def test_a_case_without_an_audit_has_none_afterwards():
    assert after(band="medium") is None


def test_a_provisional_audit_can_be_confirmed_once_and_a_planned_one_cancelled():
    confirmed = lifecycle.confirm(audit(), NOW)
    assert confirmed == audit(state="confirmed", confirmed_at=NOW)
    cancelled = lifecycle.cancel(confirmed, "bankrupt", DAY)
    expected = audit(state="cancelled", confirmed_at=NOW, ended_on=DAY, end_reason="bankrupt")
    assert cancelled == expected
    for action in (lambda: lifecycle.confirm(confirmed, NOW), lambda: lifecycle.cancel(cancelled, "", DAY)):
        with pytest.raises(NotAllowedError):
            action()


@pytest.mark.parametrize("state", ["documents_requested", "held", "reported", "closed"])
def test_an_audit_that_is_under_way_or_over_is_neither_confirmed_nor_cancelled(state):
    with pytest.raises(NotAllowedError, match=f"cannot confirm an audit that is {state}"):
        lifecycle.confirm(audit(state=state), NOW)
    with pytest.raises(NotAllowedError, match="allowed: nothing more"):
        lifecycle.cancel(audit(state=state), "late", DAY)
