"""PostgreSQL: a pool that waits, and who is woken when a transaction is through."""

from __future__ import annotations

import select
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2
import psycopg2.extras

from chassis import sql
from chassis.faults import READ_ONLY
from chassis.pool import Pool
from chassis.transaction import Cursor, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from chassis.access import Identity

    # What opens the transactions of a loop, as many as it needs
    Begin = Callable[[], AbstractContextManager["Transaction"]]

__all__ = ["Database", "Signals", "Transaction", "connect"]

psycopg2.extras.register_uuid()

# Where threads are green, `green` puts the plain function here: looking waits for nothing and needs no hub.
look = select.select

# A database that is away is noticed in seconds; no statement or forgotten transaction holds locks for long.
_CONNECT: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    # Plans that are kept stay: else PostgreSQL plans anew at each execution of what looks cheaper so.
    # No compiling: half a second for a statement of milliseconds whose rows PostgreSQL guesses to be many.
    "options": "-c plan_cache_mode=force_generic_plan -c jit=off"
    " -c statement_timeout=20s -c lock_timeout=10s"
    " -c idle_in_transaction_session_timeout=60s -c timezone=UTC",
}


# A plan that is kept was made when there were next to no rows: it must serve when there are a million.
BY_INDEX = " -c enable_seqscan=off -c enable_sort=off"


def connect(dsn: str, planning: str = "") -> Transaction:
    """Open a connection with the time limits and types that everything here relies on.

    `planning`: more of PostgreSQL's settings.
    """
    settings = {**_CONNECT, "options": f"{_CONNECT['options']}{planning}"}
    conn: Transaction = psycopg2.connect(
        dsn, connection_factory=Transaction, cursor_factory=Cursor, **settings
    )
    for kind in (psycopg2.extras.register_default_json, psycopg2.extras.register_default_jsonb):
        kind(conn, loads=sql.loads)
    return conn


class Signals:
    """Named wake-up calls inside one process."""

    def __init__(self) -> None:
        """Start with none: a name comes into being when somebody waits for it or calls it."""
        self._events: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    def __getitem__(self, name: str) -> threading.Event:
        """Return the event of that name."""
        return self._events[name]


class Database:
    """A pool of at most `size` connections: who comes when all are busy waits."""

    def __init__(self, dsn: str, size: int, signals: Signals | None = None, planning: str = "") -> None:
        """Open nothing yet: a service starts while its database is away. Pools may share their signals."""
        self._dsn, self._size, self._planning = dsn, size, planning
        self._pool = Pool(size)
        self._signals = signals or Signals()

    def signal(self, name: str) -> threading.Event:
        """Return the event that a committed `tx.wake(name)` sets."""
        return self._signals[name]

    @contextmanager
    def transaction(
        self, correlation_id: str | None = None, actor: Identity | None = None, *, reads: bool = False
    ) -> Iterator[Transaction]:
        """Give a transaction: committed at the end of the block, rolled back if the block raises.

        `reads`: nothing can be written, and each statement stands alone (see Transaction.begin).
        """
        conn = self._pool.take()
        keep: Transaction | None = None
        try:
            conn = _usable(conn) or connect(self._dsn, self._planning)
            conn.correlation_id, conn.actor = correlation_id, actor
            conn.begin(reads=reads)
            yield conn
            conn.commit()
            keep = conn
        except Exception as fault:
            # a standby that was primary stays one: the next comer asks anew who is
            keep = None if getattr(fault, "pgcode", None) == READ_ONLY else _rolled_back(conn)
            if keep is None:
                self.close()  # where one was cut, the idle ones were as a rule: the next comer gets a new one
            raise
        finally:
            # a killed green thread comes here with `keep` unset: its connection may be in mid-statement
            wakes = _settle(conn, keep)
            self._pool.give(keep)
        for name in wakes:
            self._signals[name].set()
        if wakes:
            time.sleep(0)  # who has been woken goes on first: what has been committed is soon on its way

    def usage(self) -> dict[str, int]:
        """Return how many connections are busy and idle, how many comers wait, and the size."""
        free, waiting = list(self._pool.free), len(self._pool.waiting)
        idle = sum(conn is not None for conn in free)
        return {"busy": self._size - len(free), "idle": idle, "waiting": waiting, "size": self._size}

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for conn in self._pool.empty():
            conn.close()


def _usable(conn: Transaction | None) -> Transaction | None:
    """Return an idle connection unless the server has said something on it: that can only be goodbye."""
    if conn is None or conn.closed:
        return None
    if look([conn], [], [], 0)[0]:
        conn.close()
        return None
    return conn


def _rolled_back(conn: Transaction | None) -> Transaction | None:
    """Roll back; return the connection if it can be used again."""
    if conn is None or conn.closed:
        return None
    try:
        conn.rollback()
    except psycopg2.Error:
        return None
    return conn


def _settle(conn: Transaction | None, keep: Transaction | None) -> set[str]:
    """Close a connection that is not kept, and take from it whom to wake."""
    if conn is None:
        return set()
    wakes, conn.wakes = conn.wakes, set()
    if keep is None and not conn.closed:
        conn.close()
    return wakes
