"""`kedja resync <producer>`: a service tells its present state again, for consumers that are new or restored.

A service declares both sides in service.py:
    tells = (usecases.present_suppliers, …)  # (tx, after, limit) -> events, by subject, from after one on
    keeps = (Projection("suppliers", "supplier", ("supplier_id",)), …)
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg2

from chassis import outbox, sql
from chassis.db import connect
from chassis.errors import OperatorError
from chassis.faults import Fault, classify
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chassis.db import Transaction
    from chassis.events import Event

    Tell = Callable[[Transaction, str | None, int], Sequence[Event]]

queries: Any = sql.load(__file__)

CHUNK = 500
# What happens meanwhile waits behind what a resync has put into the outbox: never much.
_MOST_WAITING = 2000
_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.2


class Projection(NamedTuple):
    """A table of a consumer that a producer's events fill, one row a subject, `version` in it."""

    producer: str
    table: str
    subject: tuple[str, ...]  # the columns that a subject is made of, in its order


class ResyncError(OperatorError):
    """The state could not be told to the end; the message says why. It may be begun again at any time."""


def resync(dsn: str, tells: Sequence[Tell]) -> int:
    """Write the events of a service's present state to its outbox, in short transactions; return how many.

    A chunk is read and written in one snapshot, so that a state never travels under a later one's version.
    """
    with closing(connect(dsn)) as conn:
        conn.set_session(isolation_level="REPEATABLE READ")
        conn.correlation_id = str(uuid7())
        return sum(_tell_all(conn, tell) for tell in tells)


def _tell_all(conn: Transaction, tell: Tell) -> int:
    after: str | None = None
    told = 0
    while True:
        _make_room(conn)
        events = _tell_chunk(conn, tell, after)
        told += len(events)
        if len(events) < CHUNK:
            return told
        after = events[-1].subject


def _tell_chunk(conn: Transaction, tell: Tell, after: str | None) -> Sequence[Event]:
    while True:
        try:
            with conn:
                events = tell(conn, after, CHUNK)
                outbox.restate(conn, events)
        except psycopg2.Error as fault:
            if classify(fault) is not Fault.CONTENTION:
                raise
        else:
            return events


def _make_room(conn: Transaction) -> None:
    """Wait until the running service has published what came before."""
    fewest, deadline = None, 0.0
    while True:
        with conn:
            waiting: int = queries.count_outbox(conn, most=_MOST_WAITING)
        if waiting < _MOST_WAITING:
            return
        with conn:
            total: int = queries.backlog(conn).outbox_pending
        if fewest is None or total < fewest:
            fewest, deadline = total, time.monotonic() + _PATIENCE_SECONDS
        if time.monotonic() > deadline:
            raise ResyncError(f"{total} events wait in the outbox and none leaves: does the service run?")
        time.sleep(_POLL_SECONDS)
