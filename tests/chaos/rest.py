"""Rest: nothing is on its way any more. How long that took after the last fault is the recovery."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import amqp
import requests

from chassis import broker
from chassis.faults import BROKER_ERRORS
from tests.backbone import wait_until
from tests.chaos.messages import TAP, queues
from tests.chaos.row import Row
from tests.chaos.stage import SERVICES

if TYPE_CHECKING:
    from tests.chaos.books import Books
    from tests.chaos.stage import Ground

PATIENCE_SECONDS = 240
_STILL_SECONDS = 7.0
# What consumers hold is counted late: quorum queues tell it every 5 s, statistics are collected every 5 s,
# and the management API keeps them for some more.
_COUNTED_SECONDS = 40.0


def await_rest(ground: Ground, books: Books) -> float | None:
    """Wait until all has been still for a while; return when that began, by the monotonic clock."""
    since: list[float] = []

    def still() -> bool:
        if stirring(ground, books):
            since.clear()
            return False
        since.append(time.monotonic())
        return since[-1] - since[0] > _STILL_SECONDS

    try:
        wait_until(still, PATIENCE_SECONDS)
    except AssertionError:
        return None
    return since[0]


def stirring(ground: Ground, books: Books) -> dict[str, Any]:
    """Return what is not at rest: what -> how much."""
    found: dict[str, Any] = {}
    for service in SERVICES:
        found[f"{service} outbox"] = books.column(service, "SELECT count(*) FROM outbox")[0]
        retry = "SELECT count(*) FROM failed_event WHERE state = 'retry'"
        found[f"{service} retry"] = books.column(service, retry)[0]
        found[f"{service} not ready"] = sum(not _ready(each, service) for each in ground.replicas.sets)
    unsent = "SELECT count(*) FROM notice WHERE state IN ('queued', 'sending')"
    found["mail"] = books.column("notifications", unsent)[0]
    found |= _depths(ground)
    return {name: count for name, count in found.items() if count}


def _ready(replica: Any, service: str) -> bool:
    try:
        return bool(replica.ops(service, "/readyz").status_code == 200)
    except requests.RequestException:
        return False


def _depths(ground: Ground) -> dict[str, int]:
    try:
        with broker.channel(ground.amqp_url) as channel:
            return {queue: channel.queue_declare(queue, passive=True).message_count for queue in queues()}
    except (*BROKER_ERRORS, amqp.AMQPError):
        return {"broker away": 1}


def rows(ground: Ground, books: Books) -> list[Row]:
    """Queues, with what consumers hold, and outboxes are empty; nothing waits for a retry."""
    row = Row("queues and outboxes are empty, nothing waits for a retry, all replicas are ready", "rest")
    row.broken = [f"{name}: {count}" for name, count in stirring(ground, books).items()]
    row.broken += [f"{queue}: {count} by the broker's own count" for queue, count in _counted(ground).items()]
    return [row]


def _counted(ground: Ground) -> dict[str, int]:
    """Return what the broker counts in queues or at their consumers when its statistics have caught up."""
    newest: dict[str, int] = {}

    def none() -> bool:
        newest.clear()
        newest.update({queue: count for queue, count in ground.messages().items() if count and queue != TAP})
        return not newest

    with contextlib.suppress(AssertionError):  # what is still there then is what the ledger is to show
        wait_until(none, _COUNTED_SECONDS)
    return newest


def parked(books: Books, planted: set[str]) -> tuple[list[Row], int]:
    """What is parked is the poison that was planted, each once, and nothing else."""
    found = [
        f"{row.event_key} in {row.queue}: {row.reason}"
        for service in SERVICES
        for row in books.rows(service, "SELECT * FROM failed_event WHERE state = 'parked'")
    ]
    keys = [text.partition(" ")[0] for text in found]
    foreign, missing = (
        Row("nothing is parked but poison", "parked"),
        Row("all poison is parked, once", "parked"),
    )
    foreign.broken = [text for key, text in zip(keys, found, strict=True) if key not in planted]
    missing.broken = [key for key in sorted(planted) if keys.count(key) != 1]
    return [foreign, missing], len(found)
