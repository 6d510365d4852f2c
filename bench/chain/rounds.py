"""One round: a number of chains through one side, what that took, and whether the rows are right."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import spent
from bench.chain import business, feed, product, stage
from chassis import broker
from chassis.db import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.chain.ground import Ground
    from bench.chain.sides import Kedja, Peer

_STUCK, _LOOK_SECONDS = 30, 0.02
queries: Any = stage.queries


class Round(NamedTuple):
    """What a round came to: chains a second; seconds of processor time for 1,000 chains; megabytes."""

    rate: float
    cpu: float
    broker: float
    database: float
    whole_cpu: float  # of the side, the broker and the database
    megabytes: float


def one_round(side: Kedja | Peer, chains: int) -> Round:
    """Let so many chains through; raises UnfairError if a row is wrong, missing or doubled."""
    ground = side.ground
    stage.restart(ground)
    side.clear()
    items = list(feed.assessments(feed.keys_of(chains, ground.cases)))
    ready = feed.Feed(ground.channel, side.queues["scores"], side.produced(items))
    with (
        side.running() as own,
        closing(connect(ground.urls["notifications"]["DATABASE_URL"])) as conn,
    ):
        conn.autocommit = True
        through = partial(getattr(queries, f"{ground.tables}_through"), conn)
        groups = {"side": own, **stage.servers()}
        before = {name: spent.cpu_seconds(group) for name, group in groups.items()}
        began = time.monotonic()
        ready.send()
        await_all(ground, through, chains)
        seconds = time.monotonic() - began
        used = {
            name: (spent.cpu_seconds(group) - before[name]) * 1000 / chains for name, group in groups.items()
        }
        peak = spent.peak_megabytes(own)
    verify(ground, items)
    return Round(chains / seconds, used["side"], used["broker"], used["database"], sum(used.values()), peak)


def await_all(ground: Ground, through: Callable[[], int], chains: int) -> None:
    """Wait until so many are through; raises UnfairError if nothing comes any more."""
    now, moved = through(), time.monotonic()
    while now < chains:
        if time.monotonic() - moved > _STUCK:
            raise feed.UnfairError(f"{now} of {chains} chains are through, and no more for {_STUCK} s")
        broker.tick(ground.channel, _LOOK_SECONDS)  # its heartbeats
        before, now = now, through()
        moved = moved if now == before else time.monotonic()


def verify(ground: Ground, items: Sequence[dict[str, Any]]) -> None:
    """Raise UnfairError unless each chain had its effect once and whole."""
    _demand(
        {key: (value, history) for key, (value, history) in _rows(ground, "suppliers", "scores").items()},
        {key: (value, [value]) for key, value in _wanted(ground, items).items()},
        "scores",
    )
    once = {item["supplier_id"]: 1 for item in items}
    audits, notices = _rows(ground, "audits", "audits"), _rows(ground, "notifications", "notices")
    _demand({key: times for key, (times,) in audits.items()}, once, "audits")
    _demand({key: times for key, (times,) in notices.items()}, once, "notices")


def _rows(ground: Ground, service: str, kind: str) -> dict[str, tuple[Any, ...]]:
    look = getattr(queries, f"{ground.tables}_{kind}")
    with closing(connect(ground.urls[service]["DATABASE_URL"])) as conn:
        return {str(row[0]): tuple(row[1:]) for row in look(conn, audience=product.AUDIENCE)}


def _wanted(ground: Ground, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return each case's score as it must be: of the product's services, as the first round has left it."""
    if ground.business != "product":
        own = import_module(f"bench.chain.business.{ground.business}")
        return {item["supplier_id"]: own.scored(business.read(own.Assessment, item)).value for item in items}
    if ground.scores is None or len(ground.scores) != len(items):
        ground.scores = {key: value for key, (value, _) in _rows(ground, "suppliers", "scores").items()}
    _demand(len(ground.scores), len(items), "cases with a score")
    return ground.scores


def _demand(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise feed.UnfairError(f"{what}: {str(found)[:300]} instead of {str(wanted)[:300]}")
