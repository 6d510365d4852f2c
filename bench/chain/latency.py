"""Chains at a steady rate: how long from the commit of a self-assessment to that of its notice."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from bench.chain import feed, rounds, stage
from bench.chain.sides import Kedja
from chassis.db import connect
from tests import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.chain.ground import Ground
    from bench.chain.sides import Peer

RATE = 50
_WARM = 100  # the first ones are not counted
_LATE_SECONDS = 0.5
queries: Any = stage.queries


class Latency(NamedTuple):
    """Milliseconds."""

    p50: float
    p99: float


def chains(seconds: float) -> int:
    """Return how many begin in so many seconds, with those that are not counted."""
    return _WARM + int(RATE * seconds)


def measure(side: Kedja | Peer, seconds: float) -> Latency:
    """Let chains begin at RATE for so long (s); raises UnfairError if a row is wrong, missing or doubled."""
    ground = side.ground
    items = list(feed.assessments(feed.keys_of(chains(seconds), ground.cases)))
    stage.restart(ground)
    side.clear()
    _watch(ground)
    if isinstance(side, Kedja):
        with side.running(entry=True):
            _put(side, items)
            _rest(ground, len(items))
    else:
        side.produced(items[:1])  # declares the queues
        with side.running():
            driver = subprocess.Popen(side.drive(items, RATE), env=side.entry_environment())
            _rest(ground, len(items))
            driver.wait()
    rounds.verify(ground, items)
    return _found(ground, items)


def _put(side: Kedja, items: Sequence[dict[str, Any]]) -> None:
    """Complete self-assessments over HTTP, each at its moment of a clock that does not drift."""
    base = urlsplit(side.platform.url("answers"))
    headers = {**tokens.OFFICE, "Content-Type": "application/json", "If-None-Match": "*"}
    with closing(http.client.HTTPConnection(base.hostname or "", base.port)) as client:
        began = time.monotonic()
        for number, item in enumerate(items):
            early = began + number / RATE - time.monotonic()
            if early < -_LATE_SECONDS:
                raise feed.UnfairError(f"self-assessments come {-early:.2f} s late: the rate is not steady")
            time.sleep(max(0, early))
            path = f"{base.path}/assessments/{item['assessment_id']}"
            client.request("PUT", path, orjson.dumps({"data": item}), headers)
            answer = client.getresponse()
            answer.read()
            if answer.status >= 300:
                raise feed.UnfairError(f"a self-assessment was answered with {answer.status}")


def _watch(ground: Ground) -> None:
    """Have the moment of each commit kept: a deferred trigger is a transaction's last deed before it."""
    for service, script in (("assessments", "watch_assessments"), ("notifications", "watch_notices")):
        with closing(connect(ground.urls[service]["DATABASE_URL"])) as conn, conn:
            getattr(queries, script)(conn)


def _rest(ground: Ground, chains: int) -> None:
    with closing(connect(ground.urls["notifications"]["DATABASE_URL"])) as conn:
        conn.autocommit = True
        rounds.await_all(ground, lambda: int(queries.plain_through(conn)), chains)


def _found(ground: Ground, items: Sequence[dict[str, Any]]) -> Latency:
    began, ended = (_seen(ground, service) for service in ("assessments", "notifications"))
    counted = [item["supplier_id"] for item in items[_WARM:]]
    spans = sorted((ended[each] - began[each]).total_seconds() * 1000 for each in counted)
    return Latency(statistics.median(spans), spans[min(len(spans) - 1, int(len(spans) * 0.99))])


def _seen(ground: Ground, service: str) -> dict[str, Any]:
    with closing(connect(ground.urls[service]["DATABASE_URL"])) as conn:
        return {str(row.supplier_id): row.at for row in queries.seen(conn)}
