"""The consumer: batches in one transaction, each event's effect once, whatever is cut in between."""

from __future__ import annotations

import threading

import psycopg2
import pytest
from prometheus_client import REGISTRY

from chassis import broker, consume, failures
from chassis.consume import Consumer
from services.things.events import MadeSlice
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count
from tests.chassis.conftest import execute_as_admin

SLICES = {"thing_made": MadeSlice}
NAMES = [f"{n:03}" for n in range(200)]


def raise_in_sql(tx, state):
    """Let PostgreSQL raise an error of its own of this SQLSTATE."""
    with tx.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'made for a test' USING ERRCODE = '{state}'; END $$")


def test_a_batch_its_effects_and_its_inbox_rows_are_one_transaction(queue, db, amqp_url, start, things):
    batches = []

    def handle(tx, batch):
        batches.append(len(batch))
        count(tx, batch)

    queue.put(*NAMES)
    start(Consumer(queue.name, SLICES, handle, db, amqp_url))
    wait_until(lambda: things.times() == dict.fromkeys(NAMES, 1))
    assert sum(batches) == len(NAMES) > len(batches)
    transactions = things.ask("SELECT DISTINCT xmin::text FROM thing ORDER BY 1")
    assert transactions == things.ask("SELECT DISTINCT xmin::text FROM inbox ORDER BY 1")
    assert len(transactions) == len(batches)


def test_an_event_that_arrives_more_than_once_has_its_effect_once_also_with_two_consumers(
    queue, db, amqp_url, start, things
):
    messages = [(backbone.headers("thing_made"), backbone.body({"name": name})) for name in NAMES]
    for headers, body in messages + messages[::-1]:
        queue.put_raw(headers, body)
    for _ in range(2):
        start(Consumer(queue.name, SLICES, count, db, amqp_url))
    wait_until(lambda: things.times() == dict.fromkeys(NAMES, 1))
    wait_until(lambda: not queue.waiting())
    assert things.ask("SELECT count(*) FROM inbox") == [len(NAMES)]
    assert things.times() == dict.fromkeys(NAMES, 1)
    assert things.failed() == []
    told = {"queue": queue.name, "type": "thing_made"}  # a duplicate's type is known too
    for outcome in ("handled", "duplicate"):
        wait_until(lambda outcome=outcome: handled(**told, outcome=outcome) == len(NAMES))


def handled(**labels):
    return REGISTRY.get_sample_value("events_handled_total", labels) or 0


def disconnects(queue, cause):
    return REGISTRY.get_sample_value("disconnects_total", {"part": queue.name, "cause": cause}) or 0


def test_two_queues_handle_the_same_event_each_for_itself(queue, db, amqp_url, start, things):
    other = f"{queue.name}.other"
    queue.channel.queue_declare(other, durable=True, auto_delete=False)
    headers, body = backbone.headers("thing_made"), backbone.body({"name": "both"})
    for name in (queue.name, other):
        queue.name = name
        queue.put_raw(headers, body)
        start(Consumer(name, SLICES, count, db, amqp_url))
    wait_until(lambda: things.times() == {"both": 2})


def test_a_database_that_is_cut_in_the_middle_of_a_batch_costs_no_attempt_and_work_goes_on_when_it_is_back(
    queue, proxied_db, before_database, amqp_url, start, things
):
    cut = threading.Event()

    def handle(tx, batch):
        count(tx, batch)
        if not cut.is_set():
            before_database.refuse()
            cut.set()

    start(Consumer(queue.name, SLICES, handle, proxied_db, amqp_url))
    queue.put("early")
    assert cut.wait(10)
    queue.put("meanwhile")
    wait_until(lambda: queue.waiting() == 0)
    assert things.times() == {}
    before_database.restore()
    wait_until(lambda: things.times() == {"early": 1, "meanwhile": 1})
    assert things.failed() == []


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57P01", "53300", "25006", "58030", "F0000"])
def test_a_fault_of_the_machinery_is_redone_and_costs_no_attempt(queue, db, amqp_url, start, things, state):
    rounds = []

    def handle(tx, batch):
        rounds.append(len(batch))
        if len(rounds) < 7:
            raise_in_sql(tx, state)
        count(tx, batch)

    queue.put("again")
    start(Consumer(queue.name, SLICES, handle, db, amqp_url))
    wait_until(lambda: things.times() == {"again": 1})
    assert len(rounds) == 7
    assert things.failed() == []


def test_a_batch_that_keeps_losing_against_other_transactions_is_redone_one_event_at_a_time(
    queue, db, amqp_url, start, things
):
    def handle(tx, batch):
        if len(batch) > 1:
            raise_in_sql(tx, "40P01")
        count(tx, batch)

    consumer = Consumer(queue.name, SLICES, handle, db, amqp_url)
    queue.put(*NAMES)
    start(consumer)
    wait_until(lambda: things.times() == dict.fromkeys(NAMES, 1))
    assert things.failed() == []


def test_a_cut_connection_to_the_broker_brings_the_batch_again_and_its_effect_once(
    queue, db, before_broker, start, things
):
    handled = []

    def handle(tx, batch):
        count(tx, batch)
        handled.append(len(batch))
        if len(handled) == 1:
            before_broker.cut()

    queue.put(*NAMES)
    start(Consumer(queue.name, SLICES, handle, db, before_broker.url))
    wait_until(lambda: things.times() == dict.fromkeys(NAMES, 1))
    wait_until(lambda: before_broker.accepted == 2)
    wait_until(lambda: not queue.waiting())
    assert things.times() == dict.fromkeys(NAMES, 1)


def test_stop_finishes_the_running_batch_and_gives_the_rest_back(queue, db, amqp_url, start, things):
    begun, go_on = threading.Event(), threading.Event()

    def handle(tx, batch):
        begun.set()
        assert go_on.wait(20)
        count(tx, batch)

    consumer = Consumer(queue.name, SLICES, handle, db, amqp_url)
    thread = start(consumer)
    queue.put("running")
    assert begun.wait(10)
    queue.put("b", "c", "d")
    consumer.stop()
    go_on.set()
    thread.join(10)
    assert not thread.is_alive()
    assert things.times() == {"running": 1}
    wait_until(lambda: queue.waiting() == 3)
    assert sorted(queue.names()) == ["b", "c", "d"]


def test_stop_gives_back_a_batch_that_waits_for_the_database(
    queue, proxied_db, before_database, amqp_url, start
):
    before_database.refuse()
    consumer = Consumer(queue.name, SLICES, count, proxied_db, amqp_url)
    thread = start(consumer)
    wait_until(lambda: consumer.connected)
    queue.put("a", "b")
    wait_until(lambda: queue.waiting() == 0)
    consumer.stop()
    thread.join(10)
    assert not thread.is_alive()
    wait_until(lambda: queue.waiting() == 2)
    assert [disconnects(queue, cause) for cause in ("broker", "database", "stop")] == [0, 0, 0]


def test_a_batch_that_waits_for_the_database_for_too_long_is_given_back_and_counted_as_its_absence(
    queue, proxied_db, before_database, amqp_url, start, things, monkeypatch
):
    monkeypatch.setattr(consume, "_GIVE_BACK_SECONDS", 0.2)
    before_database.refuse()
    start(Consumer(queue.name, SLICES, count, proxied_db, amqp_url))
    queue.put("a")
    wait_until(lambda: disconnects(queue, "database") >= 1)
    assert disconnects(queue, "broker") == 0
    before_database.restore()
    wait_until(lambda: things.times() == {"a": 1})


def test_heartbeats_go_on_while_a_batch_waits_for_the_database(
    queue, proxied_db, before_database, before_broker, start, things, monkeypatch
):
    monkeypatch.setattr(broker, "HEARTBEAT_SECONDS", 1)
    start(Consumer(queue.name, SLICES, count, proxied_db, before_broker.url))
    before_database.refuse()
    queue.put("a")
    wait_until(lambda: queue.waiting() == 0)
    before = before_broker.passed
    wait_until(lambda: before_broker.passed >= before + 3 * 8)  # a heartbeat is a frame of 8 bytes
    before_database.restore()
    wait_until(lambda: things.times() == {"a": 1})
    assert before_broker.accepted == 1


def test_a_consumer_waits_for_its_queue_to_be_declared(queue, db, amqp_url, start, things):
    queue.channel.queue_delete(queue.name)
    start(Consumer(queue.name, SLICES, count, db, amqp_url))
    wait_until(lambda: threading.active_count() > 1)
    queue.channel.queue_declare(
        queue.name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
    )
    queue.put("a")
    wait_until(lambda: things.times() == {"a": 1})


def test_a_failure_that_cannot_be_recorded_is_recorded_when_it_can_whatever_the_database_said(
    queue, db, amqp_url, start, things
):
    def handle(tx, batch):
        count(tx, batch)
        if any(event.data["name"] == "poison" for event in batch):
            raise KeyError("a bug")

    things.ask("ALTER TABLE failed_event RENAME COLUMN traceback TO hidden")
    try:
        queue.put("a", "poison", "b")
        queue.put_raw(backbone.headers("thing_made", subject="bad"), b"{")
        thread = start(Consumer(queue.name, SLICES, handle, db, amqp_url))
        wait_until(lambda: redone(queue, "infrastructure") >= 2)
        assert thread.is_alive()
    finally:
        things.ask("ALTER TABLE failed_event RENAME COLUMN hidden TO traceback")
    wait_until(lambda: things.times() == {"a": 1, "b": 1})
    wait_until(lambda: sorted(things.failed()) == [("bad", "parked", 1), ("poison", "retry", 1)])


def redone(queue, fault):
    labels = {"queue": queue.name, "fault": fault}
    return REGISTRY.get_sample_value("batches_redone_total", labels) or 0


def test_a_database_that_only_reads_is_waited_for_and_left_for_one_that_writes(
    queue, db, amqp_url, start, things, dsn, admin
):
    name = psycopg2.extensions.parse_dsn(dsn)["dbname"]
    db.close()
    execute_as_admin(admin, "ALTER DATABASE {name} SET default_transaction_read_only = on", name)
    try:
        start(Consumer(queue.name, SLICES, count, db, amqp_url))
        queue.put("a")
        queue.put_raw(backbone.headers("thing_made", subject="bad"), b"{")
        wait_until(lambda: redone(queue, "infrastructure") >= 2)
    finally:
        execute_as_admin(admin, "ALTER DATABASE {name} RESET default_transaction_read_only", name)
    wait_until(lambda: things.times() == {"a": 1})
    wait_until(lambda: things.failed() == [("bad", "parked", 1)])


def test_what_nobody_foresaw_ends_the_connection_and_not_the_consumer(
    queue, db, amqp_url, start, things, monkeypatch
):
    faults = [RuntimeError("unforeseen")]
    record = failures.record

    def fail_once(*args):
        if faults:
            raise faults.pop()
        return record(*args)

    monkeypatch.setattr(failures, "record", fail_once)
    queue.put_raw(backbone.headers("thing_made", subject="bad"), b"{")
    start(Consumer(queue.name, SLICES, count, db, amqp_url))
    wait_until(lambda: things.failed() == [("bad", "parked", 1)])
    assert disconnects(queue, "unforeseen") == 1
