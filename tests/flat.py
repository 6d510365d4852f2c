"""`make flat`: years of history by SQL, then live events; time per batch and table sizes stay flat.

All of it in databases and a vhost of its own: outbox, relay, broker, consumer and inbox are the real ones, in
threads of one process, while the pruner deletes the half of the history that is too old.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import tests.chassis.extra  # noqa: F401  makes services.things importable
from chassis import broker, inbox, logs, metrics, migrate, relay
from chassis.consume import Consumer
from chassis.db import Database
from deploy.local import admin as local_admin
from deploy.local import provision
from services.things.events import MadeSlice
from tests.backbone import wait_until
from tests.chassis.bench import Queue, Things, count, emit

if TYPE_CHECKING:
    from prometheus_client import Histogram

DAYS = 30
WINDOWS = 10
_CHUNK = 500
_AHEAD = 5_000  # so many events may be under way: a backlog is not what is measured here

# In order of age and of id, as they would have come; every second one is too old.
_INBOX = """INSERT INTO inbox SELECT 'things.history', lpad(to_hex(n), 32, '0')::uuid,
now() - make_interval(days => %(days)s) - make_interval(secs => (%(rows)s / 2 - n) * 0.5)
FROM generate_series(1, %(rows)s) AS n"""
_OUTBOX = "INSERT INTO outbox (type, headers, body) SELECT 'x', '{}', '{}' FROM generate_series(1, %(rows)s)"
_SIZES = """SELECT pg_total_relation_size('inbox') / 1048576, pg_total_relation_size('outbox') / 1048576,
(SELECT count(*) FROM outbox)"""


def main() -> int:
    """Seed, run, print; 0 only if each event had its effect once and nothing grew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000, help="history")
    parser.add_argument("--events", type=int, default=100_000, help="live events")
    chosen = parser.parse_args()
    logs.configure("flat", "WARNING")  # lines of one's own only
    admin = local_admin.load()
    namespace = f"{admin.namespace}_flat"
    dsn = provision.provision_databases(namespace, admin)["suppliers"]
    try:
        migrate.migrate(dsn, "things")
        with (
            closing(Things(dsn)) as things,
            broker.channel(provision.provision_vhost(namespace, admin)) as channel,
        ):
            seed(things, chosen.rows)
            url = provision.urls(namespace, admin)["suppliers"]["AMQP_URL"]
            return run(things, dsn, url, Queue(channel), chosen.events)
    finally:
        provision.drop(namespace, admin)


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def seed(things: Things, rows: int) -> None:
    """Write the history: events handled, and events that have left (dead rows at the front of the index)."""
    began = time.monotonic()
    things.ask(_INBOX, rows=rows, days=DAYS)
    things.ask(_OUTBOX, rows=rows // 10)
    things.ask("DELETE FROM outbox")
    things.ask("ANALYZE inbox")
    say(f"seeded {rows} inbox rows, {rows // 10} outbox rows come and gone: {time.monotonic() - began:.0f} s")


def run(things: Things, dsn: str, url: str, queue: Queue, events: int) -> int:
    """Let `events` events through in windows, the pruner beside them; print a line for each window."""
    db, stopping = Database(dsn, 8), threading.Event()
    consumer = Consumer(queue.name, {"thing_made": MadeSlice}, count, db, url)
    publisher = relay.Relay(queue.exchange, {"thing_made"}, db, url)
    work = [consumer.run, publisher.run, partial(prune, db, stopping)]
    threads = [threading.Thread(target=part) for part in work]
    for thread in threads:
        thread.start()
    say("   events     events/s  ms/event relay  ms/event handler  inbox MB  outbox MB  outbox rows   pruned")
    try:
        costs = [window(things, db, number, events // WINDOWS) for number in range(WINDOWS)]
    finally:
        stopping.set()
        consumer.stop()
        publisher.stop()
        for thread in threads:
            thread.join()
        db.close()
        with suppress(Exception):
            queue.delete()
    return verdict(things, events // WINDOWS * WINDOWS, costs)


def prune(db: Database, stopping: threading.Event) -> None:
    """Prune as a service does, only sooner: there is history to forget all the time."""
    while not stopping.is_set():
        if not inbox.prune(db, DAYS):
            stopping.wait(1)


def window(things: Things, db: Database, number: int, events: int) -> float:
    """Let a tenth of the events through; return the milliseconds that relay and handler spent on each."""
    before = [total(metrics.RELAY_SECONDS), total(metrics.HANDLE_SECONDS)]
    began, done = time.monotonic(), number * events
    for first in range(0, events, _CHUNK):
        wait_until(partial(caught_up, done + first - _AHEAD), 120)
        emit(db, *[f"{number}/{first + n}" for n in range(min(_CHUNK, events - first))])
    wait_until(partial(caught_up, done + events), 120)
    seconds = time.monotonic() - began
    after = [total(metrics.RELAY_SECONDS), total(metrics.HANDLE_SECONDS)]
    by_relay, by_handler = ((now - then) * 1000 / events for now, then in zip(after, before, strict=True))
    [(inbox_mb, outbox_mb, waiting)] = things.ask(_SIZES)
    pruned = metrics.PRUNED._value.get()
    say(
        f"{done + events:9} {events / seconds:12.0f} {by_relay:15.3f} {by_handler:17.3f}"
        f" {inbox_mb:9} {outbox_mb:10} {waiting:12} {pruned:8.0f}"
    )
    return by_relay + by_handler


def caught_up(events: int) -> bool:
    """Tell whether so many have been handled, by this process's own count: it costs the database nothing."""
    samples = (sample for family in metrics.HANDLED.collect() for sample in family.samples)
    handled = {"type": "thing_made", "outcome": "handled"}.items()
    counted = (s.value for s in samples if s.name.endswith("_total") and handled <= s.labels.items())
    return sum(counted) >= events


def total(histogram: Histogram) -> float:
    """Return the seconds that a histogram has summed up."""
    samples = (sample for family in histogram.collect() for sample in family.samples)
    return float(sum(sample.value for sample in samples if sample.name.endswith("_sum")))


def verdict(things: Things, events: int, costs: list[Any]) -> int:
    """Say whether each event had its effect once, and whether the last windows cost what the first did."""
    [(handled, times)] = things.ask("SELECT count(*), sum(times) FROM thing")
    early, late = (sum(sorted(part)[1:-1]) for part in (costs[:5], costs[5:]))
    once, flat = (handled, times) == (events, events), late < 1.5 * early
    say(f"flat: events={events} handled={handled} effects={times} later/earlier={late / early:.2f}")
    return 0 if once and flat else 1


if __name__ == "__main__":
    sys.exit(main())
