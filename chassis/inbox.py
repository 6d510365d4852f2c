"""Forgetting: the inbox keeps what was handled for so many days, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import metrics, sql

if TYPE_CHECKING:
    from chassis.db import Database

queries: Any = sql.load(__file__)

# Small enough that a batch is over in some tens of milliseconds and no handler waits for it.
BATCH = 2000
# Any constant will do: one replica at a time prunes a database.
_LOCK = 7_305_202


def prune(db: Database, days: int) -> bool:
    """Forget one batch of events that were handled more than `days` ago; tell whether there may be more."""
    with db.transaction() as tx:
        if not queries.only_pruner(tx, key=_LOCK):
            return False
        forgotten: int = queries.prune_inbox(tx, days=days, limit=BATCH)
    metrics.PRUNED.inc(forgotten)
    return forgotten == BATCH
