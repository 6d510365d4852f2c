"""Two replicas at once: one audit per case, and no week fuller than its auditor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import date, timedelta
from uuid import UUID

import psycopg2
import pytest

from services.audits import repository, usecases
from tests.audits.cases import audit
from tests.audits.steps import NOW, SUPPLIER, audits_of, case_of, decide, hire, rescored
from tests.backbone import others_wait, wait_until

OTHER = UUID(int=2)


def meanwhile(shared, first, second):
    """Run `second` in a transaction that has to wait for the one in which `first` runs."""

    def run_second():
        with shared.transaction() as tx:
            return second(tx)

    with ThreadPoolExecutor(1) as pool:
        with shared.transaction() as tx:
            first(tx)
            waiting = pool.submit(run_second)
            wait_until(lambda: others_wait(tx))
        return waiting.result(timeout=10)


@pytest.mark.parametrize("known", [False, True])
def test_two_replicas_that_decide_one_case_schedule_one_audit(shared, received, emitted, known):
    with shared.transaction() as tx:
        hire(tx)
        if known:
            decide(tx, rescored(received, band="low", score=10))
    one, two = rescored(received, version=2), rescored(received, version=3)
    meanwhile(shared, lambda tx: decide(tx, one), lambda tx: decide(tx, two))
    with shared.transaction() as tx:
        assert [each["causes"] for each in audits_of(tx)] == [[one.id, two.id]]
        assert [each["effect"] for each in case_of(tx)["decisions"]][-2:] == ["opened", "joined"]
        assert [event["type"] for event in emitted(tx)] == ["audit_scheduled"]


def test_a_case_is_not_read_before_whoever_decides_it_is_done(shared, received):
    with shared.transaction() as tx:
        decide(tx, rescored(received, version=2, band="low", score=10))
    late = rescored(received, version=1)
    key = usecases.CaseKey(SUPPLIER, "gloves")
    meanwhile(shared, lambda tx: repository.lock_cases(tx, [key]), lambda tx: decide(tx, late))


def test_two_replicas_that_want_the_last_free_slot_do_not_oversell_the_week(shared, received):
    with shared.transaction() as tx:
        hire(tx, weekly_capacity=1)
    one, two = rescored(received), rescored(received, supplier_id=OTHER)
    meanwhile(shared, lambda tx: decide(tx, one), lambda tx: decide(tx, two))
    with shared.transaction() as tx:
        starts = [audits_of(tx, supplier)[0]["starts_on"] for supplier in (SUPPLIER, OTHER)]
    assert starts == [date(2026, 12, 4), date(2026, 12, 7)]


def test_cases_that_need_no_slot_do_not_wait_for_the_plan(shared, received):
    with shared.transaction() as tx:
        hire(tx)
    with shared.transaction() as planner:
        decide(planner, rescored(received))
        with shared.transaction() as tx:
            decide(tx, rescored(received, supplier_id=OTHER, band="medium", score=45))
            assert case_of(tx, OTHER)["decision"]["outcome"] == "dialogue"


def test_a_cancellation_during_a_decision_comes_after_it(shared, received, emitted):
    with shared.transaction() as tx:
        hire(tx)
        decide(tx, rescored(received))
        audit_id = audits_of(tx)[0]["audit_id"]
    worse = rescored(received, version=2, band="very_high", score=85)
    meanwhile(
        shared,
        lambda tx: decide(tx, worse),
        lambda tx: usecases.cancel_audit(tx, audit_id, "Bankrupt.", NOW),
    )
    with shared.transaction() as tx:
        assert [(each["kind"], each["state"]) for each in audits_of(tx)] == [("factory", "cancelled")]


def test_a_decision_during_a_cancellation_sees_it(shared, received):
    with shared.transaction() as tx:
        hire(tx)
        decide(tx, rescored(received))
        audit_id = audits_of(tx)[0]["audit_id"]
    worse = rescored(received, version=2, band="very_high", score=85)
    meanwhile(
        shared,
        lambda tx: usecases.cancel_audit(tx, audit_id, "Bankrupt.", NOW),
        lambda tx: decide(tx, worse),
    )
    with shared.transaction() as tx:
        assert [(each["kind"], each["state"]) for each in audits_of(tx)] == [
            ("office", "cancelled"),
            ("factory", "provisional"),
        ]


def test_two_replicas_confirm_an_audit_once(shared, received, emitted):
    with shared.transaction() as tx:
        decide(tx, rescored(received))
    later = NOW + timedelta(days=30)
    with shared.transaction() as one, shared.transaction() as two:
        usecases.confirm_due_audits(lambda: nullcontext(one), later)
        usecases.confirm_due_audits(lambda: nullcontext(two), later)
    with shared.transaction() as tx:
        assert [event["type"] for event in emitted(tx)] == ["audit_scheduled", "audit_confirmed"]


def test_the_database_itself_refuses_a_second_open_audit_of_a_case(tx):
    repository.save_audits(tx, [audit(auditor_id=None)])
    second = audit(auditor_id=None, audit_id=UUID(int=99), state="confirmed")
    with pytest.raises(psycopg2.errors.UniqueViolation, match="audit_one_open_per_case"):
        repository.save_audits(tx, [second])
