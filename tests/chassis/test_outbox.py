"""Emitting events: rows in the caller's transaction, with a version per subject."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime
from decimal import Decimal

import pytest
from marshmallow import ValidationError

from chassis import clock, outbox
from chassis.consume import Consumer
from chassis.events import PREFIX, Event
from chassis.relay import Relay
from services.things.events import MadeSlice, ThingMade
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count, made


def headers(tx):
    with tx.cursor() as cursor:
        cursor.execute("SELECT headers FROM outbox ORDER BY id")
        return [{key.removeprefix(PREFIX): value for key, value in row.headers.items()} for row in cursor]


def test_each_subject_counts_its_own_versions_in_the_order_of_emission(tx, emitted):
    ids = outbox.emit(tx, made("b", "a", "b"))
    ids += outbox.emit(tx, made("b"))
    data = {"type": "thing_made", "subject": "b", "version": 1, "data": {"name": "b"}}
    assert emitted(tx) == [
        data,
        data | {"subject": "a", "data": {"name": "a"}},
        data | {"version": 2},
        data | {"version": 3},
    ]
    assert [row["id"] for row in headers(tx)] == [str(event_id) for event_id in ids]
    assert ids == sorted(ids)


def test_two_transactions_at_the_same_time_give_a_subject_two_different_versions(db, things):
    def second():
        with db.transaction() as tx:
            outbox.emit(tx, made("x", "y"))

    waits = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with db.transaction() as tx:
        outbox.emit(tx, made("y", "x"))
        tx.send()
        thread = threading.Thread(target=second)
        thread.start()
        wait_until(lambda: things.ask(waits))
    thread.join(10)
    versions = things.ask(
        "SELECT headers ->> 'cloudEvents_subject', headers ->> 'cloudEvents_version' FROM outbox"
    )
    assert sorted(versions) == [("x", "1"), ("x", "2"), ("y", "1"), ("y", "2")]


def test_a_rolled_back_transaction_leaves_no_event_and_no_gap(db, things):
    with db.transaction() as tx:
        outbox.emit(tx, made("x"))
        tx.rollback()
    with db.transaction() as tx:
        outbox.emit(tx, made("x"))
    assert things.ask("SELECT headers -> 'cloudEvents_version' FROM outbox") == [1]


def test_the_envelope_is_a_cloud_event_and_the_first_one_is_its_own_correlation(tx):
    moment = clock.now()
    [event_id] = outbox.emit(tx, made("x"))
    [envelope] = headers(tx)
    assert moment <= datetime.fromisoformat(envelope.pop("time")) <= clock.now()
    assert envelope == {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/kedja/things",
        "type": "thing_made",
        "subject": "x",
        "dataschema": "/kedja/things/thing_made",
        "version": 1,
        "correlationid": str(event_id),
    }


def test_an_event_carries_its_causes_correlation_on_and_names_the_cause(tx):
    cause = backbone.received(MadeSlice, {"name": "cause"}, correlation_id="c-1", id=str(uuid.uuid4()))
    outbox.emit(tx, made("x", cause=cause))
    assert [(row["correlationid"], row["causationid"]) for row in headers(tx)] == [("c-1", str(cause.id))]


def test_an_event_of_a_request_carries_the_requests_correlation(db, things):
    with db.transaction("request-7") as tx:
        outbox.emit(tx, made("x"))
    assert things.ask("SELECT headers ->> 'cloudEvents_correlationid' FROM outbox") == ["request-7"]


def test_an_imported_event_says_so(tx):
    outbox.emit(tx, made("x", imported=True))
    assert [row["imported"] for row in headers(tx)] == [True]


@pytest.mark.parametrize("data", [{}, {"name": "x", "secret": 1}, {"name": 7}])
def test_an_event_that_breaks_its_schema_is_refused_before_it_is_written(tx, emitted, data):
    with pytest.raises(ValidationError):
        outbox.emit(tx, [Event(schema=ThingMade, subject="a", data=data)])
    assert emitted(tx) == []


def test_what_is_emitted_is_what_a_consumer_reads(tx, emitted):
    outbox.emit(
        tx, [Event(schema=ThingMade, subject="å", data={"name": 'Åke "\\u0000" Ö', "size": Decimal(7)})]
    )
    [event] = emitted(tx)
    assert backbone.received(MadeSlice, event["data"]).data == {"name": 'Åke "\\u0000" Ö', "size": 7}


def test_emitting_nothing_does_nothing(tx, emitted):
    assert outbox.emit(tx, []) == []
    assert emitted(tx) == []


@pytest.mark.parametrize(("subject", "correlation"), [("x" * 256, None), ("x", "c" * 256)])
def test_what_no_frame_would_hold_or_no_consumer_read_cannot_be_emitted(tx, emitted, subject, correlation):
    long = Event(schema=ThingMade, subject=subject, data={"name": "x"}, correlation_id=correlation)
    with pytest.raises(ValueError, match="has 256 characters, more than 255"):
        outbox.emit(tx, [long])
    assert emitted(tx) == []


def test_the_longest_envelope_that_can_be_emitted_is_published_and_read(db, queue, amqp_url, start, things):
    cause = backbone.received(MadeSlice, {"name": "cause"}, correlation_id="å" * 255)
    longest = Event(schema=ThingMade, subject="å" * 255, data={"name": "x"}, cause=cause, imported=True)
    with db.transaction() as tx:
        outbox.emit(tx, [longest])
    start(Relay(queue.exchange, ["thing_made"], db, amqp_url))
    start(Consumer(queue.name, {"thing_made": MadeSlice}, count, db, amqp_url))
    wait_until(lambda: things.times() == {"x": 1})
    assert things.failed() == []
