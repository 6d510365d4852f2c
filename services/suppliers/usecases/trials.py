"""Trials that ended long ago: which cases would have changed band is forgotten, how many is not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from services.suppliers import repository

if TYPE_CHECKING:
    from datetime import datetime

    from chassis.db import Begin

# Small enough that a batch is over in some tens of milliseconds: a trial may have a million rows.
_AT_ONCE = 2000


def forget(begin: Begin, days: int, now: datetime) -> bool:
    """Forget some of what trials that ended `days` ago would change; tell whether there may be more.

    Those of the last trial of the rule set in force stay.
    """
    with begin() as tx:
        in_force = repository.rule_sets.active_name(tx)
        repository.trials.give_up(tx, in_force, now - timedelta(days=days), now)
        return repository.trials.sweep(tx, _AT_ONCE)
