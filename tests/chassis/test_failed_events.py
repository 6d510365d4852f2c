"""Events that fail: a bug harms only its own event, which comes back by itself, and in the end is parked."""

from __future__ import annotations

import pytest

from chassis.consume import Consumer
from chassis.failures import MAX_ATTEMPTS
from services.things.events import MadeSlice
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count

SLICES = {"thing_made": MadeSlice}
NAMES = [f"{n:02}" for n in range(40)]


class Buggy:
    """A handler that cannot deal with things called `poison`, until somebody mends it."""

    def __init__(self):
        self.mended = False

    def __call__(self, tx, batch):
        count(tx, batch)
        if not self.mended and any(event.data["name"] == "poison" for event in batch):
            raise KeyError("a bug")


@pytest.fixture
def buggy():
    return Buggy()


@pytest.fixture
def consumer(queue, db, amqp_url, buggy):
    return Consumer(queue.name, SLICES, buggy, db, amqp_url)


def make_due(things):
    things.ask("UPDATE failed_event SET next_at = now() WHERE state = 'retry'")


def test_a_bug_sets_only_its_own_event_aside_and_after_the_fix_the_retry_completes(
    queue, consumer, buggy, start, things
):
    queue.put(*NAMES[:20], "poison", *NAMES[20:])
    start(consumer)
    wait_until(lambda: things.times() == dict.fromkeys(NAMES, 1))
    wait_until(lambda: things.failed() == [("poison", "retry", 1)])
    assert things.ask("SELECT reason, next_at > now() FROM failed_event") == [("KeyError: 'a bug'", True)]
    assert "in __call__" in things.ask("SELECT traceback FROM failed_event")[0]
    assert consumer.retry_one() is False  # it is not due yet
    buggy.mended = True
    make_due(things)
    assert consumer.retry_one() is True
    assert things.times() == dict.fromkeys([*NAMES, "poison"], 1)
    assert things.failed() == []
    assert consumer.retry_one() is False


def test_each_failed_retry_counts_waits_longer_and_leaves_no_trace_and_the_last_one_parks(
    queue, consumer, start, things
):
    queue.put("poison")
    start(consumer)
    wait_until(things.failed)
    waits = []
    for attempts in range(2, MAX_ATTEMPTS + 1):
        make_due(things)
        assert consumer.retry_one() is True
        waits += things.ask("SELECT extract(epoch FROM next_at - failed_at)::float FROM failed_event")
        state = "retry" if attempts < MAX_ATTEMPTS else "parked"
        assert things.failed() == [("poison", state, attempts)]
    assert waits == sorted(waits)
    assert waits[-1] == 3600
    assert things.times() == {}
    assert consumer.retry_one() is False


def test_the_same_event_arriving_again_gets_no_attempts_anew_and_a_parked_one_stays_parked(
    queue, consumer, start, things
):
    headers, body = backbone.headers("thing_made", subject="poison"), backbone.body({"name": "poison"})
    queue.put_raw(headers, body)
    start(consumer)
    wait_until(things.failed)
    things.ask("UPDATE failed_event SET attempts = 5, failed_at = '2000-01-01'")
    queue.put_raw(headers, body)
    wait_until(lambda: things.ask("SELECT true FROM failed_event WHERE failed_at > '2000-01-01'"))
    assert things.failed() == [("poison", "retry", 5)]
    things.ask("UPDATE failed_event SET state = 'parked', failed_at = '2000-01-01'")
    queue.put_raw(headers, body)
    wait_until(lambda: things.ask("SELECT true FROM failed_event WHERE failed_at > '2000-01-01'"))
    assert things.failed() == [("poison", "parked", 5)]


def test_a_retry_that_only_fails_at_commit_counts_too_and_does_not_hold_up_the_next(
    queue, db, amqp_url, buggy, start, things
):
    def handle(tx, batch):
        buggy(tx, batch)
        with tx.cursor() as cursor:
            cursor.execute("INSERT INTO seat (thing, number) VALUES ('x', 1)")

    consumer = Consumer(queue.name, SLICES, handle, db, amqp_url)
    things.ask("INSERT INTO seat (thing, number) VALUES ('taken', 1)")
    queue.put("at commit")
    start(consumer)
    wait_until(lambda: things.failed() == [("at commit", "retry", 1)])
    make_due(things)
    assert consumer.retry_one() is True
    assert things.failed() == [("at commit", "retry", 2)]
    assert "UniqueViolation" in things.ask("SELECT reason FROM failed_event")[0]


def test_a_retry_while_the_database_fails_costs_no_attempt(queue, db, amqp_url, buggy, start, things):
    def handle(tx, batch):
        buggy(tx, batch)
        if len(things.failed()) == 1:
            with tx.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE 'away' USING ERRCODE = '57P01'; END $$")

    consumer = Consumer(queue.name, SLICES, handle, db, amqp_url)
    queue.put("poison")
    start(consumer)
    wait_until(things.failed)
    buggy.mended = True
    make_due(things)
    assert consumer.retry_one() is True
    assert consumer.retry_one() is False
    assert things.failed() == [("poison", "retry", 1)]


def test_two_replicas_do_not_retry_the_same_event(queue, db, amqp_url, buggy, start, things, dsn):
    tried = []

    def handle(tx, batch):
        buggy(tx, batch)
        if buggy.mended:
            tried.append(other.retry_one())

    consumer = Consumer(queue.name, SLICES, handle, db, amqp_url)
    other = Consumer(queue.name, SLICES, handle, db, amqp_url)
    queue.put("poison")
    start(consumer)
    wait_until(things.failed)
    buggy.mended = True
    make_due(things)
    assert consumer.retry_one() is True
    assert tried == [False]
    assert things.times() == {"poison": 1}


def test_a_bug_that_loses_its_transaction_to_the_time_limit_is_the_events_own_fault(
    queue, db, amqp_url, start, things
):
    def handle(tx, batch):
        count(tx, batch)
        if batch[0].data["name"] == "slow":
            with tx.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '10ms'")
                cursor.execute("SELECT pg_sleep(20)")

    queue.put("slow")
    start(Consumer(queue.name, SLICES, handle, db, amqp_url))
    wait_until(lambda: things.failed() == [("slow", "retry", 1)])
    assert things.reasons() == []


@pytest.mark.parametrize("value", ["1e400", "9999-12-31 23:59:59-23:59 BC x"])
def test_what_the_database_can_never_take_is_parked_at_once(queue, db, amqp_url, start, things, value):
    def overflowing(tx, batch):
        count(tx, batch)
        if any(event.data["name"] == "poison" for event in batch):
            with tx.cursor() as cursor:
                cursor.execute("SELECT %s::bigint", [value])

    queue.put("01", "poison", "02")
    start(Consumer(queue.name, SLICES, overflowing, db, amqp_url))
    wait_until(lambda: things.failed() == [("poison", "parked", 1)])
    wait_until(lambda: things.times() == {"01": 1, "02": 1})
