"""How long a worker may go on with one job while others' jobs wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.imports.locks import JOB_LOCK

if TYPE_CHECKING:
    from chassis.db import Transaction

queries: Any = sql.load(__file__)

SHORTEST_SECONDS = 10.0
# A place that is free is taken within a second: who waits for longer waits for a place.
_PATIENCE_SECONDS = 3.0
PAUSE_SECONDS = 5.0  # between two turns of one job: what fails at once must not be tried at once


class Turn:
    """One worker's time with a job; whoever goes on with it later has to read its file again."""

    def __init__(self, owner: str) -> None:
        """Begin."""
        self._owner, self._began = owner, time.monotonic()
        self._ends = self._began + SHORTEST_SECONDS

    def has_read(self) -> None:
        """Note that rows can be applied now: that takes as long at least as reading took."""
        now = time.monotonic()
        self._ends = now + max(SHORTEST_SECONDS, now - self._began)

    def gives_way(self, conn: Transaction) -> bool:
        """Tell whether it has lasted long enough, and somebody else's job waits."""
        if time.monotonic() < self._ends:
            return False
        with conn:
            waits: bool = queries.others_wait(
                conn, key=JOB_LOCK, owner=self._owner, patience=_PATIENCE_SECONDS, pause=PAUSE_SECONDS
            )
        return waits
