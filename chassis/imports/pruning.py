"""Forgetting imports: a job that is over is kept with its report for so many days, and no longer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chassis import clock, sql

if TYPE_CHECKING:
    from chassis.db import Database

queries: Any = sql.load(__file__)

KEPT_DAYS = 90
# Small enough that a batch is over in some tens of milliseconds: a report may have a million rows.
_PRUNED_AT_ONCE = 2000


def kept_since() -> datetime:
    """Return when the oldest jobs ended that are still shown: nobody meets half of a report."""
    return clock.now() - timedelta(days=KEPT_DAYS)


def prune(db: Database) -> bool:
    """Forget a batch of an old job's report, and the job with the last; tell whether there may be more."""
    with db.transaction() as tx:
        job_id = queries.oldest_job(tx, kept_since=kept_since())
        if job_id is None:
            return False
        if queries.forget_rows(tx, job_id=job_id, limit=_PRUNED_AT_ONCE) < _PRUNED_AT_ONCE:
            queries.forget_job(tx, job_id=job_id)
    return True
