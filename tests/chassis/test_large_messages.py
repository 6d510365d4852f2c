"""A message of 20 MB harms only itself: what stands before and after it in the same batch is handled."""

from __future__ import annotations

from typing import Any

import pytest

from chassis import outbox
from chassis.consume import Consumer
from chassis.events import Event
from chassis.relay import Relay
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count, made

LARGE = "x" * 20_000_000
OTHERS = {"a": 1, "b": 1, "c": 1, "d": 1}


@pytest.fixture
def consumer(queue: Any, db: Any, amqp_url: str) -> Consumer:
    """Counts things by name: a name of 20 MB is more than an index of PostgreSQL takes."""
    from services.things.events import MadeSlice  # noqa: PLC0415  importable once the fixtures are loaded

    return Consumer(queue.name, {"thing_made": MadeSlice}, count, db, amqp_url)


def test_one_that_the_handler_can_not_take_is_set_aside_with_its_reason(
    queue, consumer, db, amqp_url, start, things
):
    from services.things.events import ThingMade  # noqa: PLC0415  importable once the fixtures are loaded

    large = Event(schema=ThingMade, subject="large", data={"name": LARGE})
    with db.transaction() as tx:
        outbox.emit(tx, [*made("a", "b"), large, *made("c", "d")])
    start(Relay(queue.exchange, ["thing_made"], db, amqp_url))
    wait_until(lambda: queue.waiting() == 5)
    start(consumer)
    wait_until(lambda: things.times() == OTHERS)
    wait_until(lambda: things.failed() == [("large", "retry", 1)])
    [(reason, size)] = things.ask("SELECT reason, length(body) FROM failed_event")
    assert reason.startswith("ProgramLimitExceeded: index row")
    assert size > len(LARGE)
    assert things.outbox() == []


def test_one_that_nobody_can_read_is_parked_at_once(queue, consumer, start, things):
    queue.put("a", "b")
    queue.put_raw(backbone.headers("thing_made", subject="large"), LARGE.encode())
    queue.put("c", "d")
    start(consumer)
    wait_until(lambda: things.times() == OTHERS)
    wait_until(lambda: things.failed() == [("large", "parked", 1)])
    assert things.ask("SELECT length(body) FROM failed_event") == [len(LARGE)]
