"""The relay: what is committed reaches the broker, whatever happens in between."""

from __future__ import annotations

from contextlib import suppress

import orjson
import pytest
from prometheus_client import REGISTRY

from chassis import outbox
from chassis.events import PREFIX, Event
from chassis.relay import Relay, queries
from services.things.events import ThingLost
from tests.backbone import wait_until
from tests.chassis.bench import emit, made

BOUND = ["thing_made"]
# How many rows a transaction has taken; to look by a lock of one's own would keep the relay from them
CLAIMED = "SELECT count(*) FROM outbox WHERE xmax::text <> '0'"


@pytest.fixture
def relay(queue, db, amqp_url):
    return Relay(queue.exchange, BOUND, db, amqp_url)


def published(event_type, outcome):
    return REGISTRY.get_sample_value("events_published_total", {"type": event_type, "outcome": outcome}) or 0


def test_every_committed_event_leaves_in_the_order_of_emission(db, relay, start, queue, things):
    names = [f"{n:04}" for n in range(700)]
    emit(db, *names)
    start(relay)
    wait_until(lambda: not things.outbox())
    assert queue.names() == names


def test_a_message_is_persistent_and_carries_the_whole_envelope(db, relay, start, queue, things):
    emit(db, "whole")
    [headers] = things.ask("SELECT headers FROM outbox")
    start(relay)
    wait_until(queue.waiting)
    [message] = queue.taken()
    assert message.headers == headers | {"x-delivery-count": 0}
    assert {name: message.properties[name] for name in ("delivery_mode", "message_id", "type")} == {
        "delivery_mode": 2,
        "message_id": headers[PREFIX + "id"],
        "type": "thing_made",
    }
    assert bytes(message.body) == b'{"name":"whole"}'


def test_a_commit_wakes_the_relay_and_a_rollback_publishes_nothing(db, relay, start, queue, monkeypatch):
    monkeypatch.setattr("chassis.relay._TICK_SECONDS", 600)
    start(relay)
    wait_until(lambda: relay.ready)
    with suppress(RuntimeError), db.transaction() as tx:
        outbox.emit(tx, made("never"))
        raise RuntimeError
    emit(db, "now")
    wait_until(queue.waiting)
    assert queue.names() == ["now"]


def test_events_wait_while_the_broker_is_away_and_leave_when_it_is_back(
    db, queue, before_broker, start, things
):
    relay = Relay(queue.exchange, BOUND, db, before_broker.url)
    start(relay)
    wait_until(lambda: relay.ready)
    before_broker.refuse()
    emit(db, "a", "b")
    wait_until(lambda: not relay.ready)
    assert things.outbox() == ["a", "b"]
    before_broker.restore()
    wait_until(lambda: not things.outbox())
    assert queue.names() == ["a", "b"]


@pytest.mark.parametrize(
    "share", [0.5, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.1, 0.99))]
)
def test_a_connection_cut_in_the_middle_of_a_batch_loses_nothing(
    db, queue, before_broker, start, things, share
):
    names = [f"{n:03}" for n in range(300)]
    relay = Relay(queue.exchange, BOUND, db, before_broker.url)
    start(relay)
    wait_until(lambda: relay.ready)
    before_broker.cut_after(int(share * 300 * 500))
    emit(db, *names)
    wait_until(lambda: not things.outbox())
    assert before_broker.passed > share * 300 * 500
    assert sorted(set(queue.names())) == names


def test_what_was_written_but_not_confirmed_is_published_again(db, queue, before_broker, start, things):
    relay = Relay(queue.exchange, BOUND, db, before_broker.url)
    start(relay)
    wait_until(lambda: relay.ready)
    sent = before_broker.passed
    before_broker.stall()
    emit(db, "a", "b")
    wait_until(lambda: things.ask(CLAIMED) == [2])
    assert before_broker.passed == sent
    before_broker.cut()
    wait_until(lambda: not things.outbox())
    assert queue.names() == ["a", "b"]


def test_a_relay_does_not_wait_for_rows_that_another_one_has_claimed(db, relay, start, queue, things):
    emit(db, "claimed", "free")
    with db.transaction() as tx:
        [row] = queries.claim_outbox(tx, limit=1)
        assert orjson.loads(row.headers)[PREFIX + "subject"] == "claimed"
        start(relay)
        wait_until(queue.waiting)
        assert queue.names() == ["free"]
        tx.rollback()
    wait_until(queue.waiting)
    assert queue.names() == ["claimed"]


def test_an_event_for_which_a_bound_queue_is_missing_is_put_back_and_holds_up_nobody(
    db, relay, start, queue, things
):
    queue.unbind()
    emit(db, "early")
    start(relay)
    wait_until(lambda: things.ask("SELECT id FROM outbox WHERE next_at > now()"))
    queue.bind()
    emit(db, "late")
    wait_until(queue.waiting)
    assert things.outbox() == ["early"]
    wait_until(lambda: not things.outbox())
    assert queue.names() == ["late", "early"]


def test_a_channel_on_which_the_broker_refuses_events_is_left_for_a_new_one(
    db, queue, before_broker, start, things
):
    full = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    name = f"{queue.name}.full"
    queue.channel.queue_declare(name, durable=True, auto_delete=False, arguments=full)
    queue.channel.queue_bind(name, queue.exchange, "thing_made")
    try:
        start(Relay(queue.exchange, BOUND, db, before_broker.url))
        wait_until(lambda: before_broker.accepted == 1)
        names = []

        def left() -> bool:
            names.append(
                f"{len(names):04}"
            )  # how many a full queue takes before it refuses is its own affair
            emit(db, names[-1])
            return before_broker.accepted > 1

        wait_until(left)
        assert things.outbox()
    finally:
        queue.channel.queue_delete(name)
    wait_until(lambda: not things.outbox())
    assert set(queue.names()) == set(names)


def test_an_event_type_that_no_queue_wants_leaves_and_is_counted(db, relay, start, queue, things):
    before = published("thing_lost", "unrouted")
    with db.transaction() as tx:
        outbox.emit(tx, [Event(schema=ThingLost, subject="x", data={"name": "x"})])
    start(relay)
    wait_until(lambda: not things.outbox())
    wait_until(lambda: published("thing_lost", "unrouted") == before + 1)


def test_two_relays_share_an_outbox_and_publish_nothing_twice(db, queue, amqp_url, start, things):
    names = [f"{n:04}" for n in range(1100)]
    emit(db, *names)
    for _ in range(2):
        start(Relay(queue.exchange, BOUND, db, amqp_url))
    wait_until(lambda: not things.outbox())
    assert sorted(queue.names()) == names


@pytest.mark.parametrize(
    "poison",
    [
        # the broker closes the connection
        "headers::jsonb || jsonb_build_object('x', repeat('x', 200000))",
        # fails before anything is sent
        "headers::jsonb - 'cloudEvents_id'",
    ],
)
def test_an_event_that_can_not_be_published_steps_back_and_the_others_leave(
    db, relay, start, queue, things, poison
):
    things.ask("ALTER SEQUENCE outbox_id_seq RESTART")
    emit(db, "a", "poison", "z")
    things.ask(f"UPDATE outbox SET headers = ({poison})::json WHERE id = 2")  # noqa: S608  ours, above
    start(relay)
    wait_until(lambda: things.outbox() == ["poison"])
    emit(db, "after")
    wait_until(lambda: things.outbox() == ["poison"])
    assert set(queue.names()) == {"a", "z", "after"}


def test_a_connection_that_stalls_is_left_for_a_new_one(db, queue, before_broker, start, things):
    relay = Relay(queue.exchange, BOUND, db, before_broker.url)
    start(relay)
    wait_until(lambda: relay.ready)
    before_broker.stall()
    emit(db, "a")
    wait_until(lambda: not relay.ready, 8)
    before_broker.resume()
    wait_until(lambda: not things.outbox())
    assert set(queue.names()) == {"a"}


def test_events_leave_after_the_database_was_away(
    proxied_db, before_database, queue, amqp_url, start, things, db
):
    relay = Relay(queue.exchange, BOUND, proxied_db, amqp_url)
    start(relay)
    wait_until(lambda: relay.ready)
    before_database.refuse()
    emit(db, "a")
    wait_until(lambda: not relay.ready)
    before_database.restore()
    wait_until(lambda: not things.outbox())
    assert queue.names() == ["a"]
