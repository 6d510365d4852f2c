"""`python -m chassis.imports.worker <service>`: the import whose id comes in, in a process of its own.

It may be killed at any time: rows are applied in chunks, each in a transaction that also notes how far the
job is. Who goes on reads the file again and leaves out what is done.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg2
import structlog

from chassis import clock, logs, sql
from chassis.db import connect
from chassis.faults import Fault, classify
from chassis.imports import applying, budget
from chassis.imports.applying import OvertakenError
from chassis.imports.kinds import Job, identity
from chassis.imports.locks import JOB_LOCK
from chassis.imports.spool import spooled
from chassis.imports.turns import Turn
from chassis.installed import dsn_of
from chassis.tables import TableError

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.imports.kinds import ImportKind

log = structlog.get_logger()
queries: Any = sql.load(__file__)

_NICENESS = 5  # who answers requests comes first
_MOST_MEMORY = 768 << 20  # bytes
CHUNK_SECONDS = 60.0  # of the processor's time, for what takes one
_MOST_ATTEMPTS = 5  # without a single row done in between
_TRY_AGAIN = 75  # EX_TEMPFAIL


def main() -> None:
    """Work on the job until its turn is over; the exit status is 75 where it has to be tried again."""
    service = sys.argv[1]
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    logs.configure(service, os.environ.get("LOG_LEVEL", "INFO"))
    kinds_of(service)  # what takes long is there before a job comes
    told = sys.stdin.buffer.readline()
    if not told:
        return  # the parent is gone, or needs nobody
    job_id = UUID(told.decode().strip())
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        with closing(connect(dsn_of(service))) as conn:
            conn.keeps_plans = False  # a plan of when the tables were empty would read all of them for ever
            work(conn, service, job_id)
    except psycopg2.Error as fault:
        log.warning("import_interrupted", job_id=str(job_id), reason=repr(fault)[:300])
        sys.exit(_TRY_AGAIN)


def _end_with_the_parent() -> None:
    """Wait for the end of the input. What is not committed was never begun."""
    while os.read(0, 1):
        pass
    os._exit(_TRY_AGAIN)


def work(conn: Transaction, service: str, job_id: UUID) -> None:
    """Do all that is left of a job, or as much as a turn allows, unless somebody else does."""
    with conn:
        held = queries.hold_job(conn, key=JOB_LOCK, job_id=job_id)
    if not held:
        return
    with conn:
        begun = queries.begin_job(conn, job_id=job_id, now=clock.now())
        row = queries.job(conn, job_id=job_id)
    if not begun:
        return
    if row.attempts > _MOST_ATTEMPTS:
        _finish(conn, job_id, "failed", "The file stopped every process that worked on it.")
        return
    _run(conn, kinds_of(service)[row.kind], row)


def _run(conn: Transaction, kind: ImportKind, row: Any) -> None:
    job = Job(**{name: getattr(row, name) for name in _PLAIN}, actor=identity(row.actor), now=clock.now())
    conn.correlation_id, conn.actor = job.correlation_id, job.actor
    try:
        done = _go_on(conn, kind, job, row)
    except OvertakenError:
        log.info("import_given_up", job_id=str(job.job_id))  # it was cancelled, as a rule
        return
    except (TableError, MemoryError, budget.OutOfTimeError) as fault:
        reason = _blame(fault)
    except Exception as fault:
        if isinstance(fault, psycopg2.Error) and classify(fault) is not Fault.EVENT:
            raise
        log.exception("import_failed", job_id=str(job.job_id))
        reason = "The service failed; the fault has been logged under this import's id."
    else:
        if done:
            _finish(conn, job.job_id, "done", None)
        else:
            log.info("import_gave_way", job_id=str(job.job_id))
        return
    _finish(conn, job.job_id, "failed", reason)


def _go_on(conn: Transaction, kind: ImportKind, job: Job, row: Any) -> bool:
    """Read the file and apply what is left of it; False: others' files come first."""
    turn = Turn(row.owner)
    with spooled(conn, kind, job) as spool:
        with conn:
            if not queries.begin_applying(
                conn, job_id=job.job_id, rows=spool.total, notes=sql.document(spool.notes)
            ):
                raise OvertakenError
        turn.has_read()
        with closing(spool.chunks(after=row.last_row)) as chunks:
            for number, chunk in enumerate(chunks):
                with budget.at_most(CHUNK_SECONDS, f"Applying the rows from {chunk[0][0]} on"):
                    # what a long import has put into the outbox keeps no short one waiting
                    applying.apply(conn, kind, job, chunk, patient=number > 0)
                if chunk[-1][0] != spool.last and turn.gives_way(conn):
                    return False
    return True


def _blame(fault: BaseException) -> str:
    """Return what is said of a file that cannot be imported."""
    if isinstance(fault, MemoryError):
        return "The file needs more memory than an import may take: send it as CSV."
    if isinstance(fault, budget.OutOfTimeError):
        return f"{fault} takes more time than an import may: send it as CSV, or in parts."
    return str(fault)


_PLAIN = ("job_id", "kind", "media_type", "charset", "dry_run", "imported", "correlation_id")


def kinds_of(service: str) -> dict[str, ImportKind]:
    """Return the kinds of rows that a service declares, by name."""
    kinds = importlib.import_module(f"services.{service}.imports").KINDS
    return {kind.name: kind for kind in kinds}


def _finish(conn: Transaction, job_id: UUID, state: str, reason: str | None) -> None:
    """End the job, and forget its file."""
    conn.rollback()
    with conn:
        queries.finish_job(conn, job_id=job_id, state=state, reason=reason, now=clock.now())
        queries.delete_chunks(conn, job_id=job_id)
    log.info("import_finished", job_id=str(job_id), state=state)


if __name__ == "__main__":
    main()
