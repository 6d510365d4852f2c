"""Applying a chunk of rows: all of it in one transaction, with its report and the job's progress."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg2
import structlog

from chassis import outbox, sql
from chassis.errors import TooLarge
from chassis.faults import Fault as Blame
from chassis.faults import classify
from chassis.imports.kinds import Fault, Outcome, Parsed, rejected
from chassis.imports.loading import accepted_in
from chassis.imports.locks import TURN_LOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.db import Transaction
    from chassis.imports.kinds import ImportKind, Job

    Chunk = Sequence[tuple[int, Parsed | list[Fault]]]

log = structlog.get_logger()
queries: Any = sql.load(__file__)

_TRIES = 5
_UNIQUE_VIOLATION = "23505"
# What happens meanwhile waits in the outbox behind what an import has put there: never much.
_MOST_WAITING = 2000
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.02
_UNSTORABLE = Fault("", "The row could not be stored.")
_UNTELLABLE = Fault("", "With this row there would be more of its thing than the other services can be told.")


class OvertakenError(Exception):
    """Somebody else has gone on with the job: this process has lost it without noticing."""


def apply(conn: Transaction, kind: ImportKind, job: Job, chunk: Chunk, *, patient: bool = True) -> None:
    """Apply a chunk; a row that cannot be stored harms only itself.

    patient: wait until others' events have been published. Raises psycopg2.Error if the database is away.
    """
    if patient:
        _make_room(conn)
    try:
        _try(conn, kind, job, chunk, singly=False)
    except (psycopg2.Error, TooLarge) as fault:
        if classify(fault) is not Blame.EVENT:
            raise
        log.warning("import_chunk_divided", job_id=str(job.job_id), reason=repr(fault)[:300])
        _try(conn, kind, job, chunk, singly=True)


def _try(conn: Transaction, kind: ImportKind, job: Job, chunk: Chunk, *, singly: bool) -> None:
    """Apply in a transaction; where others were in the way, again: then what they made is there."""
    for attempt in range(1, _TRIES + 1):
        try:
            with conn:
                _in_transaction(conn, kind, job, chunk, singly=singly)
        except psycopg2.Error as fault:
            beaten = classify(fault) is Blame.CONTENTION or fault.pgcode == _UNIQUE_VIOLATION
            if not beaten or attempt == _TRIES:
                raise
        else:
            return


def _in_transaction(conn: Transaction, kind: ImportKind, job: Job, chunk: Chunk, *, singly: bool) -> None:
    row = queries.lock_job(conn, job_id=job.job_id)
    if row.state != "running" or row.last_row >= chunk[0][0]:
        raise OvertakenError
    list(queries.take_turn(conn, key=TURN_LOCK))
    good = [each for _, each in chunk if isinstance(each, Parsed)]
    parts = [[each] for each in good] if singly else [good] if good else []
    outcomes = [rejected(number, *each) for number, each in chunk if not isinstance(each, Parsed)]
    for part in parts:
        outcomes += _apply_part(conn, kind, job, part, forgiving=singly)
    _report(conn, kind, job, sorted(outcomes, key=lambda outcome: outcome.number))


def _apply_part(
    conn: Transaction, kind: ImportKind, job: Job, rows: Sequence[Parsed], *, forgiving: bool
) -> Sequence[Outcome]:
    """Apply rows; a dry run does, and takes it back."""
    queries.begin_part(conn)
    try:
        outcomes = kind.apply(conn, rows, job)
        conn.send()
    except (psycopg2.Error, TooLarge) as fault:
        if not forgiving or classify(fault) is not Blame.EVENT:
            raise
        conn.forget_later()
        queries.undo_part(conn)
        wrong = _UNTELLABLE if isinstance(fault, TooLarge) else _UNSTORABLE
        return [rejected(row.number, wrong) for row in rows]
    if job.dry_run:
        queries.undo_part(conn)
    return outcomes


def _report(conn: Transaction, kind: ImportKind, job: Job, outcomes: Sequence[Outcome]) -> None:
    rows = [
        {
            "job_id": job.job_id,
            "row_number": each.number,
            "state": each.state,
            # what a dry run would make has no id
            "item_id": None if job.dry_run and each.state == "made" else each.item_id,
            "faults": [_complete(kind, fault) for fault in each.faults],
        }
        for each in outcomes
    ]
    queries.insert_rows(conn, rows=sql.rows(rows))
    refused = sum(each.state == "rejected" for each in outcomes)
    queries.advance_job(
        conn,
        job_id=job.job_id,
        last_row=outcomes[-1].number,
        accepted=len(outcomes) - refused,
        rejected=refused,
    )


def _complete(kind: ImportKind, fault: Fault) -> Fault:
    """Return a fault that says what is accepted."""
    return fault if fault.accepted else replace(fault, accepted=accepted_in(kind, fault.column))


def _make_room(conn: Transaction) -> None:
    """Wait, not for ever, until the service has published what came before: others' events go in between."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with conn:
            waiting: int = outbox.queries.count_outbox(conn, most=_MOST_WAITING)
        if waiting < _MOST_WAITING:
            return
        time.sleep(_POLL_SECONDS)
