"""Forgetting what trials would change: up to a row for each case there is, each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql

if TYPE_CHECKING:
    from datetime import datetime

    from chassis.db import Transaction

queries: Any = sql.load(__file__)


def give_up(tx: Transaction, in_force: str, kept_since: datetime, now: datetime) -> None:
    """Show the changes of trials that ended before `kept_since` no more, but of the last of `in_force`."""
    queries.give_up(tx, in_force=in_force, kept_since=kept_since, now=now)


def sweep(tx: Transaction, limit: int) -> bool:
    """Delete up to `limit` changes that are shown no more; tell whether there may be others."""
    wave_id = queries.unswept(tx)
    if wave_id is None:
        return False
    if queries.delete_changes(tx, wave_id=wave_id, limit=limit) < limit:
        queries.end_sweep(tx, wave_id=wave_id)
    return True
