"""Retries beside each other: none starves another, none mixes two messages, none stays when it is done."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import orjson
import pytest
from prometheus_client import REGISTRY

from chassis.backbone import Backbone
from chassis.consume import Consumer
from chassis.ids import uuid7
from services.things.events import MadeSlice
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import LOCK, count, held

SLICES = {"thing_made": MadeSlice}
NOWHERE = "amqp://nobody@127.0.0.1:1/"  # a retry needs no broker


def plant(things, queue, name, ago=1.0, state="retry", key=None):
    """Let an event have failed once; it is due since `ago` seconds."""
    headers = backbone.headers("thing_made", subject=name)
    things.ask(
        "INSERT INTO failed_event"
        " (queue, event_key, type, headers, body, state, attempts, next_at, reason, traceback) VALUES"
        " (%(queue)s, %(key)s, 'thing_made', %(headers)s, %(body)s, %(state)s, 1,"
        " now() - make_interval(secs => %(ago)s), '', '')",
        queue=queue,
        key=key or headers["cloudEvents_id"],
        headers=orjson.dumps(headers).decode(),
        body=backbone.body({"name": name}),
        state=state,
        ago=ago,
    )
    return headers


def waiting_for_a_lock(tx, batch):
    """Handle a batch; a thing called `held` needs the lock that a test holds."""
    if any(event.data["name"] == "held" for event in batch):
        with tx.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    count(tx, batch)


def redone(queue, fault):
    return REGISTRY.get_sample_value("batches_redone_total", {"queue": queue, "fault": fault}) or 0


def test_a_retry_that_waits_for_a_lock_starves_no_other_of_its_queue_or_of_the_process(db, things):
    queues = [f"things.{uuid7()}" for _ in range(2)]
    consumers = [Consumer(name, SLICES, waiting_for_a_lock, db, NOWHERE) for name in queues]
    loop = Backbone()
    loop.consumers = consumers
    plant(things, queues[0], "held", ago=60)
    plant(things, queues[0], "behind it", ago=30)
    plant(things, queues[1], "beside it", ago=30)
    with held(things):
        assert loop._retry_each_queue() is True
        assert things.times() == {"beside it": 1}
        assert loop._retry_each_queue() is True
        assert things.times() == {"beside it": 1, "behind it": 1}
        assert loop._retry_each_queue() is False
    assert redone(queues[0], "infrastructure") == 1
    assert things.failed() == [("held", "retry", 1)]
    assert things.ask("SELECT next_at > now() FROM failed_event") == [True]
    things.ask("UPDATE failed_event SET next_at = now()")
    assert loop._retry_each_queue() is True
    assert things.times() == {"beside it": 1, "behind it": 1, "held": 1}
    assert things.failed() == []


def test_a_retry_that_loses_against_another_transaction_comes_again_soon(db, things):
    def lose(tx, _batch):
        with tx.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE 'lost' USING ERRCODE = '40P01'; END $$")

    queue = f"things.{uuid7()}"
    consumer = Consumer(queue, SLICES, lose, db, NOWHERE)
    plant(things, queue, "a")
    assert [consumer.retry_one() for _ in range(2)] == [True, False]
    assert redone(queue, "contention") == 1
    assert things.failed() == [("a", "retry", 1)]
    assert things.ask("SELECT next_at < now() + interval '2 s' FROM failed_event") == [True]


def test_a_retry_whose_failure_can_not_be_recorded_steps_back_too(db, things, monkeypatch):
    def fail(_tx, _batch):
        raise KeyError("a bug")

    queue = f"things.{uuid7()}"
    consumer = Consumer(queue, SLICES, fail, db, NOWHERE)
    plant(things, queue, "a")
    things.ask("ALTER TABLE failed_event RENAME COLUMN traceback TO hidden")
    try:
        assert [consumer.retry_one() for _ in range(2)] == [True, False]
    finally:
        things.ask("ALTER TABLE failed_event RENAME COLUMN hidden TO traceback")
    assert things.failed() == [("a", "retry", 1)]


class Buggy:
    """Cannot deal with things called `poison` until it is mended."""

    mended = False

    def __call__(self, tx, batch):
        count(tx, batch)
        if not self.mended and any(event.data["name"] == "poison" for event in batch):
            raise KeyError("a bug")


@pytest.fixture
def shared(queue, db, amqp_url, start, things):
    """A consumer that runs, and what two messages with one id are made of."""
    buggy = Buggy()
    consumer = Consumer(queue.name, SLICES, buggy, db, amqp_url)
    start(consumer)
    headers = backbone.headers("thing_made", subject="poison")
    whole = backbone.body({"name": "poison"})
    return SimpleNamespace(buggy=buggy, consumer=consumer, headers=headers, whole=whole, damaged=b'{"name":')


KEPT = "SELECT event_key, state, body FROM failed_event ORDER BY failed_at"


def kept(things):
    return [(key, state, bytes(body)) for key, state, body in things.ask(KEPT)]


@pytest.mark.parametrize("first", ["whole", "damaged"])
def test_two_messages_with_one_id_are_both_kept_and_the_whole_one_is_handled(queue, things, shared, first):
    bodies = {"whole": shared.whole, "damaged": shared.damaged}
    states = {"whole": "retry", "damaged": "parked"}
    event, second = shared.headers["cloudEvents_id"], "damaged" if first == "whole" else "whole"
    queue.put_raw(shared.headers, bodies[first])
    wait_until(lambda: kept(things) == [(event, states[first], bodies[first])])
    queue.put_raw(shared.headers, bodies[second])
    wait_until(lambda: len(kept(things)) == 2)
    [_, (own, state, body)] = kept(things)
    assert (own.partition(":")[0], state, body) == (event, states[second], bodies[second])
    queue.put_raw(shared.headers, bodies[second])  # once more the same: no third
    queue.put("last")
    wait_until(things.times)
    assert sorted(body for _, _, body in kept(things)) == sorted(bodies.values())
    shared.buggy.mended = True
    things.ask("UPDATE failed_event SET next_at = now() WHERE state = 'retry'")
    assert shared.consumer.retry_one() is True
    assert things.times() == {"poison": 1, "last": 1}
    assert kept(things) == []


def test_messages_with_one_id_and_other_headers_are_both_kept(queue, things, shared):
    queue.put_raw(shared.headers, shared.damaged)
    wait_until(lambda: len(kept(things)) == 1)
    queue.put_raw(shared.headers | {"x": 1}, shared.damaged)
    wait_until(lambda: len(kept(things)) == 2)
    assert sorted(things.ask("SELECT coalesce(headers ->> 'x', '') FROM failed_event")) == ["", "1"]


def test_a_damaged_copy_goes_when_the_event_itself_has_been_handled_and_a_discarded_one_stays(
    queue, things, shared
):
    shared.buggy.mended = True
    other = backbone.headers("thing_made", subject="other")
    for headers in (shared.headers, other):
        queue.put_raw(headers, shared.damaged)
    wait_until(lambda: len(kept(things)) == 2)
    things.ask(
        "UPDATE failed_event SET state = 'discarded', discarded_by = 'a', discard_reason = 'b',"
        " discarded_at = now() WHERE event_key = %(key)s",
        key=other["cloudEvents_id"],
    )
    queue.put_raw(shared.headers, shared.whole)
    queue.put_raw(other, backbone.body({"name": "other"}))
    wait_until(lambda: things.times() == {"poison": 1, "other": 1})
    assert kept(things) == [(other["cloudEvents_id"], "discarded", shared.damaged)]


def test_an_event_that_comes_again_while_it_is_retried_waits_for_nobody(queue, things, db, amqp_url, start):
    """Both would otherwise wait for each other: one for the inbox, the other for the row that has failed."""
    consumer = Consumer(queue.name, SLICES, waiting_for_a_lock, db, amqp_url)
    headers = plant(things, queue.name, "held")
    with held(things):
        retry = threading.Thread(target=consumer.retry_one)
        retry.start()
        wait_until(lambda: things.waiting() == 1)
        start(consumer)
        queue.put_raw(headers, backbone.body({"name": "held"}))
        wait_until(lambda: queue.waiting() == 0)
    retry.join(10)
    wait_until(lambda: things.times() == {"held": 1})
    wait_until(lambda: things.failed() == [])
    assert redone(queue.name, "contention") == 0
