"""What operators see and do: replay after a fix, metrics that tell of the work, an inbox that forgets."""

from __future__ import annotations

import threading
from contextlib import closing

import orjson
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from chassis import inbox, relay, sql
from chassis.cli_parked import parked
from chassis.consume import Consumer
from chassis.db import BY_INDEX, connect
from chassis.ids import uuid7
from services.things.events import MadeSlice
from tests.backbone import headers, wait_until
from tests.chassis.bench import count

DAYS = 30


def remember(things, days, number, queue="things.made"):
    things.ask(
        "INSERT INTO inbox SELECT %(queue)s, gen_random_uuid(), now() - make_interval(days => %(days)s)"
        " FROM generate_series(1, %(number)s)",
        queue=queue,
        days=days,
        number=number,
    )


def test_the_inbox_forgets_what_is_old_enough_in_small_batches_and_keeps_the_rest(things, db, monkeypatch):
    monkeypatch.setattr(inbox, "BATCH", 10)
    remember(things, DAYS + 1, 25)
    remember(things, DAYS - 1, 3)
    assert [inbox.prune(db, DAYS) for _ in range(4)] == [True, True, False, False]
    assert things.ask("SELECT count(*), bool_and(handled_at > now() - interval '30 d') FROM inbox") == [
        (3, True)
    ]


def test_what_stands_among_the_failed_events_is_not_forgotten_and_a_replay_does_not_double_it(
    things, queue, db, amqp_url, start
):
    consumer = Consumer(queue.name, {"thing_made": MadeSlice}, count, db, amqp_url)
    [event] = queue.put("handled")
    start(consumer)
    wait_until(things.times)
    things.ask("UPDATE inbox SET handled_at = '2000-01-01'")
    things.ask(
        "INSERT INTO failed_event"
        " (queue, event_key, type, headers, body, state, attempts, next_at, reason, traceback)"
        " VALUES (%(queue)s, %(key)s, 'thing_made', %(headers)s, %(body)s, 'retry', 1, now(), '', '')",
        queue=queue.name,
        key=event,
        headers=orjson.dumps(headers("thing_made", id=event, subject="handled")).decode(),
        body=b'{"name": "handled"}',
    )
    assert inbox.prune(db, DAYS) is False
    assert consumer.retry_one() is True
    assert (things.times(), things.failed()) == ({"handled": 1}, [])
    inbox.prune(db, DAYS)
    assert things.ask("SELECT count(*) FROM inbox") == [0]


def test_one_replica_prunes_at_a_time(things, db):
    remember(things, DAYS + 1, 1)
    with db.transaction() as tx:
        assert inbox.queries.only_pruner(tx, key=inbox._LOCK)
        found = []
        other = threading.Thread(target=lambda: found.append(inbox.prune(db, DAYS)))
        other.start()
        other.join(10)
        assert found == [False]
    assert things.ask("SELECT count(*) FROM inbox") == [1]


@pytest.fixture
def large(things):
    """Tables as large as makes the planner's choice the one of years of service."""
    remember(things, 1, 60_000)
    remember(things, DAYS + 1, 5_000)
    things.ask(
        "INSERT INTO outbox (type, headers, body)"
        " SELECT 'thing_made', '{}', '{}' FROM generate_series(1, 60000)"
    )
    for table in ("inbox", "outbox", "failed_event"):
        things.ask(f"ANALYZE {table}")


HOT = {
    "claim_outbox": {"limit": 500},
    "postpone_outbox": {"ids": [1, 2, 3], "delay": 1},
    "prune_inbox": {"days": DAYS, "limit": 2000},
    "queue_states": {"queues": ["things.made"], "seconds": 10},
    "remember_events": {"queue": "things.made", "ids": [uuid7()]},
}


def test_the_hot_statements_go_by_index_and_never_scan_the_outbox_or_the_inbox(things, db, large):
    for name, values in HOT.items():
        statement = getattr(inbox.queries, name).sql
        with db.transaction() as tx, tx.cursor() as cursor:
            cursor.execute("EXPLAIN " + statement, values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan on outbox" not in plan, f"{name}\n{plan}"
        assert "Seq Scan on inbox" not in plan, f"{name}\n{plan}"


def test_the_plan_that_is_kept_of_an_empty_outbox_serves_a_full_one(things, dsn):
    with closing(connect(dsn, BY_INDEX)) as conn:
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE outbox")
            claim = sql.plans[relay.queries.claim_outbox.sql]
            cursor.execute(f"PREPARE claim (bigint) {claim.prepare}")
            cursor.execute("EXPLAIN EXECUTE claim (500)")
            plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using outbox_pkey" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan


@pytest.mark.slow
def test_after_a_bug_is_fixed_and_redeployed_a_replay_completes_what_was_parked(
    platform, live_things, live_dsn, monkeypatch
):
    monkeypatch.setattr("chassis.cli_parked.dsn_of", lambda _: live_dsn)
    live_things.ask("ALTER TABLE thing RENAME TO hidden")  # the bug: each try fails
    try:
        platform.send("POST", "things", "/things", {"name": "later"})
        wait_until(live_things.failed)
        live_things.ask("UPDATE failed_event SET state = 'parked'")
    finally:
        live_things.ask("ALTER TABLE hidden RENAME TO thing")
    platform.stop("things")
    platform.start("things")
    platform.await_ready("things")
    arguments = ["replay", "suppliers", "--type", "thing_made", "--reason-contains", "undefinedtable"]
    assert ": 1 events" in CliRunner().invoke(parked, arguments).output
    wait_until(lambda: live_things.times() == {"later": 1})
    wait_until(lambda: live_things.failed() == [])
    assert "no parked event" in CliRunner().invoke(parked, arguments).output


def read(platform):
    """Every sample on /metrics: (name, labels) -> value."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(platform.ops("things", "/metrics").text)
        for sample in family.samples
    }


def test_metrics_tell_of_a_known_amount_of_work(platform, live_things, channel):
    platform.await_ready("things")
    before = read(platform)
    for number in range(7):
        assert platform.send("POST", "things", "/things", {"name": f"n{number}"}).status_code == 201
    wait_until(lambda: len(live_things.times()) == 7)
    expected = {
        ("events_published_total", "confirmed", "thing_made"): 7,
        ("outbox_batch_size_sum",): 7,
        ("events_handled_total", "handled", "thing_made", "things.made"): 7,
        ("event_batch_size_sum", "things.made"): 7,
        ("event_age_seconds_count", "things.made"): 7,
        ("http_request_duration_seconds_count", "/api/v1/things/things", "201", "POST"): 7,
    }

    def grown():
        after = read(platform)
        return {key: after.get(key, 0) - before.get(key, 0) for key in expected} == expected

    wait_until(grown)
    after = read(platform)
    batches = ("outbox_batches_total", "published")
    assert 1 <= after[batches] - before.get(batches, 0) <= 7
    assert after["outbox_batch_seconds_count",] - before["outbox_batch_seconds_count",] == (
        after[batches] - before.get(batches, 0)
    )
    assert after["db_pool_connections", "events", "size"] == 19
    assert after["db_pool_connections", "requests", "waiting"] == 0
    assert {after["part_ready", part] for part in ("database", "relay", "things.made")} == {1}
    for state in ("retry", "parked", "discarded"):
        assert ("failed_events", state) in after
    assert {("outbox_pending",), ("outbox_oldest_seconds",), ("parked_oldest_seconds",)} <= set(after)


def test_a_discarded_event_that_arrives_and_fails_again_stays_discarded(queue, db, amqp_url, start, things):
    def fail(_tx, _batch):
        raise KeyError("a bug")

    envelope, body = headers("thing_made", subject="poison"), b'{"name": "poison"}'
    queue.put_raw(envelope, body)
    start(Consumer(queue.name, {"thing_made": MadeSlice}, fail, db, amqp_url))
    wait_until(things.failed)
    things.ask(
        "UPDATE failed_event SET state = 'discarded', discarded_by = 'a', discard_reason = 'b',"
        " discarded_at = now(), failed_at = '2000-01-01'"
    )
    queue.put_raw(envelope, body)
    wait_until(lambda: things.ask("SELECT true FROM failed_event WHERE failed_at > '2000-01-01'"))
    assert things.failed() == [("poison", "discarded", 1)]
