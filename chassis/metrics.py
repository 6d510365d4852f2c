"""Prometheus metrics: what every service counts, and gauges that are read from its database."""

from __future__ import annotations

import time
from collections import Counter as TypeCounts
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg2
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client import Gauge as OwnGauge
from prometheus_client.core import GaugeMetricFamily

from chassis import clock, sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from prometheus_client.metrics_core import Metric

    from chassis.db import Database, Transaction
    from chassis.events import Received

    # Reads gauges from the database
    _Source = Callable[[Transaction], Iterable["Gauge"]]

queries: Any = sql.load(__file__)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_AGES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600, 86400)
_FAILED_STATES = ("retry", "parked", "discarded")
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)

HTTP = Histogram(
    "http_request_duration_seconds",
    "Time to answer a request.",
    ["route", "method", "status"],
    buckets=_SECONDS,
)


@cache
def answered(route: str, method: str, status: int) -> Histogram:
    """Return what counts such answers: to look it up takes longer than to count."""
    return HTTP.labels(route=route, method=method, status=status)


HANDLED = Counter("events_handled_total", "Events brought to an end.", ["queue", "type", "outcome"])
HANDLE_SECONDS = Histogram("event_handle_seconds", "Time to handle a batch.", ["queue"], buckets=_SECONDS)
BATCH_SIZE = Histogram("event_batch_size", "Events in a batch.", ["queue"], buckets=_SIZES)
AGE = Histogram("event_age_seconds", "From occurrence to handled.", ["queue"], buckets=_AGES)
PUBLISHED = Counter("events_published_total", "Events that the relay brought to an end.", ["type", "outcome"])
RELAY_BATCHES = Counter(
    "outbox_batches_total", "Batches that the relay took: published, or failed (tried again).", ["outcome"]
)
RELAY_SIZE = Histogram("outbox_batch_size", "Events in a published batch.", buckets=_SIZES)
RELAY_SECONDS = Histogram("outbox_batch_seconds", "From a batch's claim to its commit.", buckets=_SECONDS)
PRUNED = Counter("inbox_pruned_total", "Events forgotten because they were handled long ago.")
DISCONNECTED = Counter(
    "disconnects_total",
    "Times that the relay or a queue's consumer began anew, and whose absence made it.",
    ["part", "cause"],
)
BLOCKED = OwnGauge("publishing_blocked", "1 while the broker, short of memory or disk, takes no events.")
REDONE = Counter(
    "batches_redone_total",
    "Tries of a batch that the machinery spoilt; they cost no event an attempt.",
    ["queue", "fault"],
)


def batch_handled(queue: str, events: Sequence[Received], first: Sequence[Received]) -> None:
    """Count a committed batch: once for the batch, once per event type in it; first: not handled before."""
    BATCH_SIZE.labels(queue).observe(len(first))
    handled = TypeCounts(event.type for event in first)
    for event_type, count in handled.items():
        HANDLED.labels(queue, event_type, "handled").inc(count)
    if len(events) > len(first):
        for event_type, count in (TypeCounts(event.type for event in events) - handled).items():
            HANDLED.labels(queue, event_type, "duplicate").inc(count)
    now, age = clock.now(), AGE.labels(queue)
    for event in first:
        age.observe(max(0.0, (now - event.time).total_seconds()))


def batch_published(events: int, seconds: float) -> None:
    """Count a batch that the broker has confirmed, and whose rows are gone."""
    RELAY_BATCHES.labels("published").inc()
    RELAY_SIZE.observe(events)
    RELAY_SECONDS.observe(seconds)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One value of a gauge that a service reads from its database; labels have few values."""

    name: str
    help: str
    labels: dict[str, str]
    value: float


# What counts a million rows is asked so seldom that it takes at most this part of the time
_LARGEST_SHARE = 0.05


@dataclass(eq=False)  # a registry keeps collectors by identity
class DatabaseGauges:
    """Asks the database at most every `seconds`, and for what takes long less often.

    Replicas agree, so aggregate with `max by (service)`.
    """

    db: Database
    sources: list[_Source]
    seconds: float = 15.0
    answered: bool = field(default=False, init=False)  # the database, when it was last asked
    _gauges: dict[_Source, list[Gauge]] = field(default_factory=dict, init=False)
    _due: dict[_Source, float] = field(default_factory=dict, init=False)

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: registering must not touch the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges as families; a database that is away leaves the last values standing."""
        due = [source for source in self.sources if time.monotonic() >= self._due.get(source, 0)]
        if due:
            self._read(due)
        families: dict[str, GaugeMetricFamily] = {}
        for gauge in (gauge for source in self.sources for gauge in self._gauges.get(source, ())):
            family = families.setdefault(
                gauge.name, GaugeMetricFamily(gauge.name, gauge.help, labels=list(gauge.labels))
            )
            family.add_metric(list(gauge.labels.values()), gauge.value)
        return families.values()

    def _read(self, due: Iterable[_Source]) -> None:
        self.answered = False
        with suppress(psycopg2.Error), self.db.transaction() as tx:
            for source in due:
                began = time.monotonic()
                self._gauges[source] = list(source(tx))
                ended = time.monotonic()
                self._due[source] = ended + max(self.seconds, (ended - began) / _LARGEST_SHARE)
            self.answered = True


@dataclass(eq=False)
class Readiness:
    """What the service stands on, and whether it stands, as a gauge; asks nobody."""

    parts: Callable[[], dict[str, bool]]

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Yield one family: 1 for a part that stands, 0 for one that does not."""
        text = "1 if this part stands: the database when its gauges were last read, relay, and each queue."
        family = GaugeMetricFamily("part_ready", text, labels=["part"])
        for part, stands in self.parts().items():
            family.add_metric([part], float(stands))
        return [family]


def backlog(tx: Transaction) -> dict[str, float]:
    """Return what waits in this service: events and failed ones, and the oldest ages."""
    return {name: float(value) for name, value in queries.backlog(tx)._asdict().items()}


def backlog_gauges(tx: Transaction) -> list[Gauge]:
    """Return the backbone's own gauges."""
    waiting = backlog(tx)
    failed = (
        "Events that failed: retry comes back by itself, parked waits for a person, discarded is decided."
    )
    return [
        Gauge(
            "outbox_pending",
            "Committed events that the broker has not confirmed.",
            {},
            waiting["outbox_pending"],
        ),
        Gauge("outbox_oldest_seconds", "Age of the oldest of them.", {}, waiting["outbox_oldest_seconds"]),
        *(Gauge("failed_events", failed, {"state": state}, waiting[state]) for state in _FAILED_STATES),
        Gauge(
            "parked_oldest_seconds", "Age of the oldest parked event.", {}, waiting["parked_oldest_seconds"]
        ),
    ]


def register(*collectors: DatabaseGauges | Readiness | Pools) -> None:
    """Answer scrapes with these too from now on, in this order."""
    for collector in collectors:
        REGISTRY.register(collector)


@dataclass(eq=False)  # a registry keeps collectors by identity
class Pools:
    """How a process uses its database connections; `waiting` above 0 for long: too few, or too slow."""

    pools: Mapping[str, Database]

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Yield one family, of this moment."""
        text = "Database connections: busy, idle (open, unused), size (the most); waiting: for one of them."
        family = GaugeMetricFamily("db_pool_connections", text, labels=["pool", "state"])
        for pool, db in self.pools.items():
            for state, number in db.usage().items():
                family.add_metric([pool, state], number)
        return [family]
