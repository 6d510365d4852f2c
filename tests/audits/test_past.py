"""What a case's past means for its next decision, as it is found in a real database."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from chassis.errors import Conflict
from chassis.ids import uuid7
from services.audits import usecases
from tests.audits.steps import NOW, SUPPLIER, audits_of, decide, final, hire, rescored


def test_a_cancelled_audit_frees_its_slot_tells_why_and_lets_its_row_rest(tx, received, emitted):
    hire(tx, weekly_capacity=1)
    decide(tx, rescored(received))
    audit_id = audits_of(tx)[0]["audit_id"]
    cancelled = usecases.cancel_audit(tx, audit_id, "The supplier is bankrupt.", NOW)
    assert (cancelled["state"], cancelled["ended_on"]) == ("cancelled", date(2026, 11, 20))
    assert emitted(tx)[-1]["data"]["reason"] == "The supplier is bankrupt."
    with pytest.raises(Conflict):
        usecases.cancel_audit(tx, audit_id, "Again.", NOW)
    decide(tx, rescored(received, version=2), rescored(received, supplier_id=UUID(int=2)))
    assert final(tx) == (7, "none", "suppressed", None)
    assert audits_of(tx, UUID(int=2))[0]["starts_on"] == cancelled["starts_on"]
    decide(tx, rescored(received, version=3, band="very_high", score=90))
    assert final(tx)[:3] == (6, "factory_audit", "opened")


def test_a_row_wakes_when_the_band_rises_after_the_end_of_its_audit(tx, received):
    hire(tx)
    later = {"as_of": "2027-01-10T12:00:00+00:00"}
    decide(tx, rescored(received))
    usecases.cancel_audit(tx, audits_of(tx)[0]["audit_id"], "Better now.", NOW)
    decide(tx, rescored(received, version=2, band="medium", score=44, **later))
    decide(tx, rescored(received, version=3, **later))
    assert final(tx)[:3] == (7, "office_audit", "opened")


def test_a_lower_band_before_the_end_of_its_audit_wakes_no_row(tx, received):
    hire(tx)
    decide(tx, rescored(received, band="medium", score=44, as_of="2026-11-01T12:00:00+00:00"))
    decide(tx, rescored(received, version=2))
    usecases.cancel_audit(tx, audits_of(tx)[0]["audit_id"], "Not now.", NOW)
    decide(tx, rescored(received, version=3, as_of="2026-12-01T12:00:00+00:00"))
    assert final(tx) == (7, "none", "suppressed", None)


def closed(query, kind, deviations, reported_on):
    query(
        "INSERT INTO audit (audit_id, supplier_id, category_id, kind, deviations, state, announced, rule,"
        " reasons, causes, correlation_id, created_at, starts_on, due_on, confirm_on, reported_on, ended_on)"
        " VALUES (%s, %s, 'gloves', %s, %s, 'closed', true, '', '[]', '{}', '', now(), %s, %s, %s, %s, %s)",
        uuid7(), SUPPLIER, kind, deviations, *[reported_on] * 5,
    )  # fmt: skip


def test_a_closed_audit_without_deviations_is_found_and_suppresses(tx, received, query):
    closed(query, "office", 0, date(2025, 3, 1))
    decide(tx, rescored(received))
    assert (final(tx), audits_of(tx)[1:]) == ((7, "none", "suppressed", None), [])


def test_a_closed_office_audit_with_deviations_is_found_and_calls_for_a_factory_audit(tx, received, query):
    closed(query, "office", 2, date(2025, 3, 1))
    decide(tx, rescored(received))
    assert final(tx)[:3] == (5, "factory_audit", "opened")


def test_a_new_assessment_after_the_end_wakes_the_row(tx, received):
    hire(tx)
    decide(tx, rescored(received))
    usecases.cancel_audit(tx, audits_of(tx)[0]["audit_id"], "Not now.", NOW)
    decide(tx, rescored(received, version=2, assessed_at="2026-11-21T12:00:00+00:00"))
    assert final(tx)[:3] == (7, "office_audit", "opened")


def test_a_cancelled_audit_says_whether_it_had_ever_been_confirmed(tx, received, emitted):
    hire(tx)
    decide(tx, rescored(received), confirm_after=5)
    decide(tx, rescored(received, supplier_id=UUID(int=2)), confirm_after=0)
    for supplier_id in (SUPPLIER, UUID(int=2)):
        usecases.cancel_audit(tx, audits_of(tx, supplier_id)[0]["audit_id"], "Not now.", NOW)
    told = [event["data"]["provisional"] for event in emitted(tx) if event["type"] == "audit_cancelled"]
    assert told == [True, False]
