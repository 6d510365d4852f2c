"""A message of 20 MB harms only itself: what stands beside it is handled, and nothing waits for it."""

from __future__ import annotations

import time

import pytest

from chassis import broker, consume, outbox
from chassis.consume import Consumer
from chassis.errors import TooLarge
from chassis.events import LARGEST_BODY, Event
from services.things.events import MadeSlice, ThingMade
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count

SLICES = {"thing_made": MadeSlice}
OTHERS = {"a": 1, "b": 1, "c": 1, "d": 1}
LARGE = [b"x" * 20_000_000, backbone.body({"name": "x" * 20_000_000})]
READ_SECONDS = 0.2


@pytest.fixture
def consumer(queue, db, amqp_url):
    return Consumer(queue.name, SLICES, count, db, amqp_url)


@pytest.mark.parametrize("body", LARGE, ids=["no JSON", "valid"])
def test_one_that_is_too_large_is_parked_at_once_without_being_read(queue, consumer, start, things, body):
    queue.put("a", "b")
    queue.put_raw(backbone.headers("thing_made", subject="large"), body)
    queue.put("c", "d")
    start(consumer)
    wait_until(lambda: things.times() == OTHERS)
    wait_until(lambda: things.failed() == [("large", "parked", 1)])
    [(reason, size)] = things.ask("SELECT reason, length(body) FROM failed_event")
    assert reason == f"UnreadableError: the body has {len(body)} bytes, more than {LARGEST_BODY}"
    assert size == len(body)


def sized(size):
    """An event whose body has so many bytes."""
    return Event(schema=ThingMade, subject="s", data={"name": "x" * (size - len('{"name":""}'))})


def test_what_no_consumer_would_read_cannot_be_emitted(tx, emitted):
    with pytest.raises(TooLarge, match=f"thing_made would have {LARGEST_BODY + 1} bytes"):
        outbox.emit(tx, [sized(LARGEST_BODY + 1)])
    assert emitted(tx) == []
    outbox.emit(tx, [sized(LARGEST_BODY)])
    [event] = emitted(tx)
    assert backbone.received(MadeSlice, event["data"]).data == event["data"]


class Slow(MadeSlice):
    """Takes its time on the processor, as thousands of nested rows do."""

    def load(self, *args, **kwargs):
        until = time.thread_time() + READ_SECONDS
        while time.thread_time() < until:
            pass
        return super().load(*args, **kwargs)


def test_heartbeats_go_on_while_a_batch_is_read_and_a_stop_gives_it_back(
    queue, db, before_broker, start, things, monkeypatch
):
    monkeypatch.setattr(broker, "HEARTBEAT_SECONDS", 1)
    queue.put(*[f"{number:03}" for number in range(100)])
    consumer = Consumer(queue.name, {"thing_made": Slow}, count, db, before_broker.url)
    thread = start(consumer)
    wait_until(lambda: queue.waiting() == 0)
    before = before_broker.passed
    wait_until(lambda: before_broker.passed >= before + 3 * 8)  # a heartbeat is a frame of 8 bytes
    consumer.stop()
    thread.join(10)
    assert not thread.is_alive()
    # the socket may have brought a small batch first
    assert len(things.times()) < 100
    wait_until(lambda: queue.waiting() == 100 - len(things.times()))


def test_a_batch_holds_only_so_many_bytes_and_more_than_one_message_waits_for_no_other(
    queue, db, amqp_url, start, things, monkeypatch
):
    monkeypatch.setattr(consume, "BATCH_BYTES", 100)
    batches = []

    def handle(tx, batch):
        batches.append(len(batch))
        count(tx, batch)

    names = [f"{number:02}{'x' * 48}" for number in range(10)]
    queue.put(*names)
    start(Consumer(queue.name, SLICES, handle, db, amqp_url))
    wait_until(lambda: things.times() == dict.fromkeys(names, 1))
    assert max(batches) == 2


def test_a_batch_that_lasts_too_long_is_given_back_and_there_is_progress_all_the_same(
    queue, db, amqp_url, start, things, monkeypatch
):
    """Only ever the first message fits into the time: handled before anything is given back."""
    monkeypatch.setattr(consume, "_GIVE_BACK_SECONDS", 0.0)
    names = [f"{number:02}" for number in range(6)]

    def handle(tx, batch):
        count(tx, batch)
        if len(batch) > 1 or batch[0].data["name"] == "03":
            raise KeyError("a bug")

    queue.put(*names)
    start(Consumer(queue.name, SLICES, handle, db, amqp_url))
    wait_until(lambda: things.times() == dict.fromkeys(names[:3] + names[4:], 1))
    wait_until(lambda: things.failed() == [("03", "retry", 1)])
