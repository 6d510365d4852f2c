"""One round: a number of chains through one side, what that took, and whether the rows are right."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.chain import feed, spent, stage
from bench.chain.trivial import domain
from chassis.db import connect
from tests.backbone import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.chain.sides import Ground, Kedja, Peer

_LONGEST = 600
queries: Any = stage.queries


class Round(NamedTuple):
    """What a round came to: chains a second; seconds of processor time for 1,000 chains; megabytes."""

    rate: float
    cpu: float
    broker: float
    database: float
    megabytes: float

    @property
    def whole_cpu(self) -> float:
        """Return the processor time of the side, the broker and the database."""
        return self.cpu + self.broker + self.database


def one_round(side: Kedja | Peer, chains: int) -> Round:
    """Let so many chains through; raises UnfairError if a row is wrong, missing or doubled."""
    ground = side.ground
    keys = feed.keys_of(chains)
    stage.reset(ground, keys)
    side.clear()
    items = list(feed.assessments(keys))
    ready = feed.Feed(ground.channel, side.queues["scores"], side.produced(items))
    pids = stage.servers()
    with (
        side.running() as own,
        closing(connect(ground.urls["notifications"]["DATABASE_URL"])) as conn,
    ):
        conn.autocommit = True
        groups = {"side": own, **pids}
        before = {name: spent.cpu_seconds(group) for name, group in groups.items()}
        began = time.monotonic()
        ready.send()
        wait_until(lambda: queries.notices(conn) >= chains, _LONGEST)
        seconds = time.monotonic() - began
        used = {
            name: (spent.cpu_seconds(group) - before[name]) * 1000 / chains for name, group in groups.items()
        }
        peak = spent.peak_megabytes(own)
    verify(ground, items)
    return Round(chains / seconds, used["side"], used.get("broker", 0), used.get("database", 0), peak)


def verify(ground: Ground, items: Sequence[dict[str, Any]]) -> None:
    """Raise UnfairError unless each chain had its effect once and whole."""
    suppliers = {item["supplier_id"]: 1 for item in items}
    scores = {item["supplier_id"]: domain.score(item["claimed"]) for item in items}
    with closing(connect(ground.urls["suppliers"]["DATABASE_URL"])) as conn:
        found = {str(row.supplier_id): (row.value, row.history) for row in queries.scored(conn)}
    _demand(found, {supplier: (value, [value]) for supplier, value in scores.items()}, "scores")
    for service, look in (("audits", queries.audited), ("notifications", queries.noticed)):
        with closing(connect(ground.urls[service]["DATABASE_URL"])) as conn:
            found = {str(row.supplier_id): row.times for row in look(conn)}
        _demand(found, suppliers, f"rows of {service}")


def _demand(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise feed.UnfairError(f"{what}: {str(found)[:300]} instead of {str(wanted)[:300]}")
