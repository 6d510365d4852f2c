"""Use cases against a real database: what is stored, and what is emitted."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from chassis.errors import Conflict, NotFound
from chassis.ids import uuid7
from services.audits import schemas, usecases
from tests.audits.steps import NOW, SUPPLIER, audits_of, case_of, decide, final, hire, rescored
from tests.callers import OFFICE, page_query


def types(events):
    return [event["type"] for event in events]


def test_a_high_risk_schedules_a_provisional_audit(tx, received):
    auditor_id = hire(tx)
    cause = rescored(received, correlation_id="chain-1")
    decide(tx, cause)
    (audit,) = audits_of(tx)
    assert schemas.AuditView().dump(audit) == {
        "audit_id": str(audit["audit_id"]),
        "supplier_id": str(SUPPLIER),
        "category_id": "gloves",
        "kind": "office",
        "state": "provisional",
        "starts_on": "2026-12-04",
        "due_on": "2027-05-21",
        "auditor_id": str(auditor_id),
        "announced": True,
        "row": 7,
        "rule": "2026.1/7",
        "reason": "high risk (row 7, band high, score 66.4, assessed yes);"
        " first free slot (free 2, week 2026-W49, weekly capacity 2)",
        "reasons": [
            {
                "code": "high_risk",
                "params": {"row": 7, "score": Decimal("66.4"), "assessed": True, "band": "high"},
            },
            {"code": "first_free_slot", "params": {"week": "2026-W49", "free": 2, "weekly_capacity": 2}},
        ],
        "causes": [str(cause.id)],
        "confirm_on": "2026-11-27",
        "confirmed_at": None,
        "cancellation_proposed": False,
        "ended_on": None,
        "end_reason": None,
        "correlation_id": "chain-1",
        "created_at": "2026-11-20T09:00:00+00:00",
    }


def test_a_scheduled_audit_is_told_whole(tx, received, emitted):
    auditor_id = hire(tx)
    cause = rescored(received)
    decide(tx, cause)
    (audit,) = audits_of(tx)
    assert emitted(tx) == [
        {
            "type": "audit_scheduled",
            "subject": str(audit["audit_id"]),
            "version": 1,
            "data": {
                "audit_id": str(audit["audit_id"]),
                "kind": "office",
                "supplier_id": str(SUPPLIER),
                "category_id": "gloves",
                "provisional": True,
                "starts_on": "2026-12-04",
                "due_on": "2027-05-21",
                "auditor_id": str(auditor_id),
                "announced": True,
                "reason": audit["reason"],
                "rule": "2026.1/7",
                "causes": [str(cause.id)],
            },
        }
    ]


def test_with_no_days_to_wait_it_is_scheduled_and_confirmed_in_one_transaction(tx, received, emitted, query):
    hire(tx)
    cause = rescored(received)
    decide(tx, cause, confirm_after=0)
    told = emitted(tx)
    assert types(told) == ["audit_scheduled", "audit_confirmed"]
    assert [event["data"]["provisional"] for event in told] == [False, False]
    assert told[0]["data"] == told[1]["data"]
    assert audits_of(tx)[0]["state"] == "confirmed"
    chain = [row["headers"] for row in query("SELECT headers FROM outbox")]
    assert {each["cloudEvents_correlationid"] for each in chain} == {cause.correlation_id}
    assert {each["cloudEvents_causationid"] for each in chain} == {str(cause.id)}


def test_the_final_decision_can_be_read_and_explains_itself(tx, received):
    cause = rescored(received, critical_open=1, recommendation="factory_audit")
    decide(tx, cause)
    case = schemas.CaseHistory().dump(case_of(tx))
    decision = case["decision"]
    assert decision == {
        "decision_id": decision["decision_id"],
        "row": 2,
        "rule": "2026.1/2",
        "asked": "person_decides",
        "outcome": "person_decides",
        "effect": "opened",
        "due_on": "2026-11-27",
        "proposal": "office_audit",
        "proposal_due_on": "2027-01-15",
        "listed": True,
        "proposes_cancellation": False,
        "audit_id": None,
        "reason": "zero tolerance answer (row 2, score 66.4, critical open 1);"
        " recommendation differs (policy office_audit, recommendation factory_audit)",
        "reasons": [
            {
                "code": "zero_tolerance_answer",
                "params": {"row": 2, "score": Decimal("66.4"), "critical_open": 1},
            },
            {
                "code": "recommendation_differs",
                "params": {"policy": "office_audit", "recommendation": "factory_audit"},
            },
        ],
        "events": [str(cause.id)],
        "score": Decimal("66.4"),
        "band": "high",
        "as_of": "2026-11-20T08:30:00+00:00",
        "decided_at": "2026-11-20T09:00:00+00:00",
        "ended_on": None,
    }
    assert case["decisions"] == [decision]
    assert audits_of(tx) == []


@pytest.mark.parametrize("mark", ["resync", "imported"])
def test_a_repeated_or_imported_risk_updates_the_projection_only(tx, received, emitted, mark):
    decide(tx, rescored(received, **{mark: True}))
    case = case_of(tx)
    assert (case["score"], case["decision"], case["decisions"]) == (Decimal("66.4"), None, [])
    assert (audits_of(tx), emitted(tx)) == ([], [])


def test_a_case_that_was_imported_is_followed_up_once_something_happens(tx, received):
    hire(tx)
    decide(tx, rescored(received, version=1, imported=True))
    assert audits_of(tx) == []
    loud = rescored(received, version=2)
    decide(tx, loud)
    assert audits_of(tx)[0]["causes"] == [loud.id]


def test_a_quiet_risk_beside_a_loud_one_is_no_cause_but_is_what_is_decided_from(tx, received):
    hire(tx)
    loud = rescored(received, version=1, band="very_high", score=85)
    decide(tx, rescored(received, version=2, resync=True), loud)
    assert (final(tx)[:2], audits_of(tx)[0]["causes"]) == ((7, "office_audit"), [loud.id])


def test_an_older_risk_does_not_overwrite_a_newer_one_and_is_still_a_cause(tx, received, emitted):
    hire(tx)
    newer, older = rescored(received, version=2), rescored(received, version=1, band="low", score=12)
    decide(tx, newer)
    decide(tx, older)
    assert (case_of(tx)["band"], final(tx)[1:3]) == ("high", ("office_audit", "joined"))
    assert audits_of(tx)[0]["causes"] == [newer.id, older.id]
    assert types(emitted(tx)) == ["audit_scheduled"]


def test_a_batch_decides_each_case_once_by_its_newest_risk_with_all_causes(tx, received, emitted):
    hire(tx)
    events = [rescored(received, version=version, band=band) for version, band in ((2, "high"), (1, "low"))]
    other = rescored(received, supplier_id=UUID(int=2), band="medium", score=45)
    decide(tx, *events, other)
    assert final(tx)[:3] == (7, "office_audit", "opened")
    assert final(tx, UUID(int=2)) == (8, "dialogue", "opened", None)
    assert set(audits_of(tx)[0]["causes"]) == {event.id for event in events}
    assert len(emitted(tx)) == 1


def test_the_most_urgent_of_a_batch_choose_first(tx, received):
    hire(tx, weekly_capacity=1)
    high, higher = rescored(received, score=61), rescored(received, supplier_id=UUID(int=2), score=79)
    gap = rescored(received, supplier_id=UUID(int=3), score=41, band="medium", claim_gap=30)
    decide(tx, high, higher, gap)
    starts = [audits_of(tx, UUID(int=n))[0]["starts_on"] for n in (3, 2, 1)]
    assert starts == [date(2026, 12, 4), date(2026, 12, 7), date(2026, 12, 14)]


def test_a_stronger_cause_upgrades_the_open_audit_and_tells_it(tx, received, emitted):
    hire(tx)
    decide(tx, rescored(received), confirm_after=0)
    decide(tx, rescored(received, version=2, band="very_high", score=82), confirm_after=0)
    (audit,) = audits_of(tx)
    assert (audit["kind"], audit["policy_row"], len(audit["causes"])) == ("factory", 6, 2)
    assert types(emitted(tx)) == ["audit_scheduled", "audit_confirmed"] * 2
    assert final(tx) == (6, "factory_audit", "upgraded", audit["audit_id"])


def test_a_better_score_proposes_cancellation_and_the_audit_waits_for_a_person(tx, received, emitted):
    hire(tx)
    decide(tx, rescored(received))
    decide(tx, rescored(received, version=2, band="low", score=30))
    (audit,) = audits_of(tx)
    assert (audit["state"], audit["cancellation_proposed"]) == ("provisional", True)
    usecases.confirm_due_audits(lambda: nullcontext(tx), NOW + timedelta(days=30))
    assert audits_of(tx)[0]["state"] == "provisional"
    decide(tx, rescored(received, version=3))
    assert audits_of(tx)[0]["cancellation_proposed"] is False
    assert types(emitted(tx)) == ["audit_scheduled"]


def test_an_audit_confirms_itself_on_its_day_in_the_chain_that_caused_it(tx, received, emitted, query):
    hire(tx)
    decide(tx, rescored(received, correlation_id="chain-2"))
    begin = lambda: nullcontext(tx)  # noqa: E731
    usecases.confirm_due_audits(begin, datetime(2026, 11, 26, 22, 59, tzinfo=UTC))
    assert audits_of(tx)[0]["state"] == "provisional"
    usecases.confirm_due_audits(begin, datetime(2026, 11, 26, 23, 0, tzinfo=UTC))  # midnight in Stockholm
    usecases.confirm_due_audits(begin, datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    assert audits_of(tx)[0]["state"] == "confirmed"
    assert types(emitted(tx)) == ["audit_scheduled", "audit_confirmed"]
    ids = query("SELECT DISTINCT headers ->> 'cloudEvents_correlationid' AS id FROM outbox")
    assert ids == [{"id": "chain-2"}]


def test_a_person_confirms_once(tx, received, emitted):
    hire(tx)
    decide(tx, rescored(received))
    audit_id = audits_of(tx)[0]["audit_id"]
    assert usecases.confirm_audit(tx, audit_id, NOW)["state"] == "confirmed"
    with pytest.raises(Conflict, match="cannot confirm an audit that is confirmed; allowed: cancel"):
        usecases.confirm_audit(tx, audit_id, NOW)
    assert types(emitted(tx)) == ["audit_scheduled", "audit_confirmed"]


def test_a_request_that_nobody_answers_is_followed_by_an_office_audit(tx, received, emitted):
    hire(tx)
    cause = rescored(received, band="very_high", score=88, site_known=False)
    decide(tx, cause)
    assert (final(tx)[:3], audits_of(tx)) == ((6, "transparency_request", "opened"), [])
    begin = lambda: nullcontext(tx)  # noqa: E731
    usecases.follow_up_requests(begin, 5, datetime(2026, 12, 18, 12, tzinfo=UTC))  # its last day
    assert final(tx)[1] == "transparency_request"
    for day in (19, 20):
        usecases.follow_up_requests(begin, 5, datetime(2026, 12, day, 12, tzinfo=UTC))
    assert final(tx)[:3] == (6, "office_audit", "opened")
    assert [(each["kind"], each["causes"]) for each in audits_of(tx)] == [("office", [cause.id])]
    assert types(emitted(tx)) == ["audit_scheduled"]


def test_without_an_auditor_the_audit_is_unassigned_and_says_so(tx, received):
    decide(tx, rescored(received))
    (audit,) = audits_of(tx)
    assert (audit["auditor_id"], audit["starts_on"]) == (None, audit["due_on"])
    assert audit["reason"].endswith("no auditor for kind (kind office, due on 2027-05-21)")


def test_lists_are_paged_and_filtered(tx, received):
    hire(tx)
    suppliers = [UUID(int=n) for n in (1, 2, 3)]
    decide(tx, *(rescored(received, supplier_id=supplier) for supplier in suppliers))
    asked = page_query(schemas.CaseQuery, limit=2)
    first = usecases.list_cases(tx, asked, OFFICE)
    second = usecases.list_cases(tx, asked | {"after": first["next"]}, OFFICE)
    assert sorted(case["supplier_id"] for case in first["items"] + second["items"]) == suppliers
    assert second["next"] is None
    by_state = {
        state: usecases.list_audits(tx, page_query(schemas.AuditQuery, state=state), OFFICE)["items"]
        for state in ("provisional", "closed")
    }
    assert (len(by_state["provisional"]), by_state["closed"]) == (3, [])


def test_what_is_not_there_is_not_found(tx):
    for ask in (
        lambda: usecases.get_audit(tx, uuid7()),
        lambda: usecases.confirm_audit(tx, uuid7(), NOW),
        lambda: usecases.get_case(tx, usecases.CaseKey(uuid7(), "gloves")),
    ):
        with pytest.raises(NotFound, match=r"^There is no such [a-z ]+\.$"):
            ask()


def test_gauges_count_audits_by_state_and_those_overdue(tx, received):
    decide(tx, rescored(received))
    at = {day: usecases.gauges(tx, datetime(2027, 5, day, 12, tzinfo=UTC)) for day in (21, 22)}
    assert [(g.labels, g.value) for g in at[21] if g.value] == [({"state": "provisional"}, 1)]
    assert [(g.name, g.value) for g in at[22] if g.name == "audits_overdue"] == [("audits_overdue", 1)]
