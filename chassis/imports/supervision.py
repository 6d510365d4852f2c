"""The loop of every replica: one process at most, for the oldest import that nobody works on.

That process ends with its parent: it watches its input, which closes when the parent is gone, however it
went.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import structlog

from chassis import sql
from chassis.imports.locks import JOB_LOCK

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Begin

log = structlog.get_logger()
queries: Any = sql.load(__file__)

_PAUSE_AFTER_FAILURE = 5.0
_SWEEP_SECONDS = 600.0
_ABANDONED_SECONDS = 3600


@dataclass(slots=True)
class _Worker:
    process: Popen[bytes] | None = None
    job_id: UUID | None = None
    not_before: float = 0.0
    next_sweep: float = 0.0


# One a process: `@every` makes a new instance of the service for each round.
_worker = _Worker()


def supervise(begin: Begin, service: str) -> bool:
    """Look after the worker, and start one where there is work; never waits."""
    if _runs():
        return False
    now = time.monotonic()
    _sweep(begin, now)
    if now < _worker.not_before:
        return False
    with begin() as tx:
        job_id = queries.due_job(tx, key=JOB_LOCK)
    if job_id:
        _start(service, job_id)
    return False


def _runs() -> bool:
    """Tell whether the worker works; see one off that has ended."""
    process = _worker.process
    if process is None:
        return False
    status = process.poll()
    if status is None:
        return True
    if process.stdin is not None:
        process.stdin.close()
    _worker.process = None
    if status:
        _worker.not_before = time.monotonic() + _PAUSE_AFTER_FAILURE
        log.warning("import_worker_failed", job_id=str(_worker.job_id), status=status)
    return False


def _start(service: str, job_id: UUID) -> None:
    command = [sys.executable, "-m", "chassis.imports.worker", service, str(job_id)]
    _worker.process = Popen(command, stdin=PIPE)  # it logs where its service does
    _worker.job_id = job_id
    log.info("import_worker_started", job_id=str(job_id), pid=_worker.process.pid)


def _sweep(begin: Begin, now: float) -> None:
    if now < _worker.next_sweep:
        return
    _worker.next_sweep = now + _SWEEP_SECONDS
    with begin() as tx:
        queries.delete_abandoned(tx, seconds=_ABANDONED_SECONDS)
