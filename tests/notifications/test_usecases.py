"""From events to notices, in a real database: who is told, once, and what waits for whom."""

from __future__ import annotations

from uuid import uuid4

import pytest
from marshmallow import ValidationError
from psycopg2.extras import NamedTupleCursor

from chassis.errors import NotFound
from services.notifications import schemas, usecases
from services.notifications.domain import OFFICE
from services.notifications.schemas import STATES
from tests.callers import page_query
from tests.notifications.steps import (
    GLOVES,
    NOW,
    cancelled,
    completed,
    confirmed,
    invited,
    notices,
    rescored,
    told,
    write,
)


def test_an_invitation_makes_one_queued_notice_to_its_contact(tx, acme):
    supplier_id, anna = acme
    event = invited(supplier_id, anna)
    usecases.take_note(tx, [event], NOW)
    (row,) = notices(tx, supplier_id=supplier_id)
    assert row._asdict() == {
        "notice_id": row.notice_id,
        "kind": "assessment_invited",
        "event_id": event.id,
        "supplier_id": supplier_id,
        "category_id": GLOVES,
        "audit_id": None,
        "recipient_kind": "supplier_contact",
        "recipient_id": str(anna),
        "state": "queued",
        "attempts": 0,
        "due_at": NOW,
        "made_at": NOW,
        "accepted_at": None,
        "reason": None,
        "correlation_id": event.correlation_id,
    }
    assert "mail" in tx.wakes


def test_a_confirmed_audit_is_told_to_all_four_and_waits_where_no_address_is_known(tx, acme):
    supplier_id, anna = acme
    auditor = uuid4()
    write(tx, "region", "01", "r01@region.example")
    event = confirmed(supplier_id, auditor)
    usecases.take_note(tx, [event], NOW)
    states = [("region", "01", "queued"), ("supplier_contact", str(anna), "queued")]
    states += [("region", "12", "no_address"), ("national_office", OFFICE, "no_address")]
    states += [("auditor", str(auditor), "no_address")]
    known = {row.recipient_id: row.state for row in notices(tx, supplier_id=supplier_id)}
    # other tests of this run may have written the office's address
    assert {**known, OFFICE: "no_address"} == {recipient: state for _, recipient, state in states}
    assert {row.audit_id for row in notices(tx, supplier_id=supplier_id)} == {event.data["audit_id"]}


def test_writing_an_address_queues_what_waited_for_it_and_nothing_else(tx, acme):
    supplier_id, _ = acme
    usecases.take_note(tx, [rescored(supplier_id)], NOW)
    write(tx, "region", "12", "r12@region.example")
    states = {row.recipient_id: row.state for row in notices(tx, supplier_id=supplier_id)}
    assert (states["12"], states["01"]) == ("queued", "no_address")


def test_an_unannounced_audit_never_makes_a_notice_to_the_supplier(tx, acme):
    supplier_id, _ = acme
    usecases.take_note(tx, [confirmed(supplier_id, uuid4(), announced=False)], NOW)
    kinds = {row.recipient_kind for row in notices(tx, supplier_id=supplier_id)}
    assert kinds == {"auditor", "national_office", "region"}


def test_a_cancelled_audit_is_told_to_whoever_its_confirmation_was_told_to(tx, acme):
    supplier_id, _ = acme
    auditor, audit_id = uuid4(), uuid4()
    for event in (confirmed, cancelled):
        usecases.take_note(tx, [event(supplier_id, auditor, audit_id=audit_id)], NOW)
    known = {
        kind: [
            (row.recipient_kind, row.recipient_id) for row in notices(tx, kind=kind, supplier_id=supplier_id)
        ]
        for kind in ("audit_confirmed", "audit_cancelled")
    }
    assert len(known["audit_cancelled"]) == 5
    assert known["audit_cancelled"] == known["audit_confirmed"]
    assert {row.audit_id for row in notices(tx, supplier_id=supplier_id)} == {audit_id}


def test_the_supplier_never_hears_that_an_unannounced_audit_was_cancelled(tx, acme):
    supplier_id, _ = acme
    usecases.take_note(tx, [cancelled(supplier_id, uuid4(), announced=False)], NOW)
    kinds = {row.recipient_kind for row in notices(tx, supplier_id=supplier_id)}
    assert kinds == {"auditor", "national_office", "region"}


def test_nobody_is_told_that_an_audit_was_cancelled_that_nobody_was_told_of(tx, acme):
    supplier_id, _ = acme
    usecases.take_note(tx, [cancelled(supplier_id, uuid4(), provisional=True)], NOW)
    assert notices(tx, supplier_id=supplier_id) == []


@pytest.mark.parametrize(("changed", "previous_band"), [(False, "high"), (True, None)])
def test_an_unchanged_band_and_a_first_score_are_told_to_nobody(tx, acme, changed, previous_band):
    supplier_id, _ = acme
    usecases.take_note(tx, [rescored(supplier_id, changed=changed, previous_band=previous_band)], NOW)
    assert notices(tx, supplier_id=supplier_id) == []


@pytest.mark.parametrize("quiet", [{"resync": True}, {"imported": True}])
def test_what_only_repeats_or_reports_the_past_mails_nobody(tx, acme, quiet):
    supplier_id, anna = acme
    usecases.take_note(
        tx,
        [
            invited(supplier_id, anna, **quiet),
            completed(supplier_id, **quiet),
            rescored(supplier_id, envelope=quiet),
        ],
        NOW,
    )
    assert notices(tx, supplier_id=supplier_id) == []


def test_the_same_event_twice_makes_no_second_notice(tx, acme):
    supplier_id, anna = acme
    event = invited(supplier_id, anna)
    for _ in range(2):
        usecases.take_note(tx, [event, event], NOW)
    assert told(tx, supplier_id) == [("assessment_invited", "supplier_contact", str(anna), "queued")]


class CountingCursor(NamedTupleCursor):
    executed = 0

    def execute(self, *args, **kwargs):
        CountingCursor.executed += 1
        return super().execute(*args, **kwargs)


def test_a_batch_costs_as_many_statements_as_one_event(tx, acme):
    supplier_id, anna = acme
    tx.cursor_factory = CountingCursor

    def statements(count: int) -> int:
        before = CountingCursor.executed
        usecases.take_note(tx, [invited(supplier_id, anna) for _ in range(count)], NOW)
        return CountingCursor.executed - before

    statements(1)  # prepares what is prepared once a connection
    assert statements(1) == statements(500) > 0


def test_recipients_are_listed_as_they_were_written_last(tx):
    write(tx, "auditor", auditor := uuid4(), "old@revision.example")
    write(tx, "auditor", auditor, "new@revision.example", "en")
    items = {
        (row.kind, row.id): row._asdict()
        for row in usecases.list_recipients(tx, page_query(schemas.RecipientQuery))["items"]
    }
    assert items["auditor", str(auditor)] == {
        "kind": "auditor",
        "id": str(auditor),
        "version": 2,
        "name": f"auditor {auditor}",
        "email": "new@revision.example",
        "language": "en",
    }


def test_recipients_that_no_event_could_name_are_refused(tx):
    with pytest.raises(ValidationError):
        schemas.RecipientPath().load({"kind": "region", "recipient_id": "Skåne"})
    with pytest.raises(NotFound):
        write(tx, "supplier_contact", uuid4(), "r@region.example")


def test_a_list_goes_on_after_its_last_item_and_filters(tx, acme):
    supplier_id, _ = acme
    usecases.take_note(tx, [completed(supplier_id), rescored(supplier_id)], NOW)
    asked = page_query(schemas.NoticeQuery, supplier_id=supplier_id, limit=2)
    first = usecases.list_notices(tx, asked)
    rest = usecases.list_notices(tx, {**asked, "after": first["next"], "limit": 500})
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 3, None)
    assert first["items"] + rest["items"] == notices(tx, supplier_id=supplier_id)
    assert len(notices(tx, supplier_id=supplier_id, kind="risk_band_changed")) == 3
    assert notices(tx, supplier_id=supplier_id, state="failed") == []


def test_a_notice_that_does_not_exist_is_not_found(tx):
    with pytest.raises(NotFound):
        usecases.get_notice(tx, uuid4())


def test_gauges_count_mails_by_state_and_what_is_held(tx, acme):
    before = {(gauge.name, *gauge.labels.values()): gauge.value for gauge in usecases.gauges(tx)}
    supplier_id, anna = acme
    usecases.take_note(tx, [invited(supplier_id, anna), completed(uuid4())], NOW)
    after = {(gauge.name, *gauge.labels.values()): gauge.value for gauge in usecases.gauges(tx)}
    assert set(after) == {("notices_held",), *(("mail", state) for state in STATES)}
    assert {key: after[key] - before[key] for key in after if after[key] != before[key]} == {
        ("mail", "queued"): 1,
        ("notices_held",): 1,
    }
