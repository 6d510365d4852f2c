"""The loop of every replica: a few processes, each for one import, for as many owners.

Whose turn is next: the owner that has the fewest imports worked on, and of those the one whose last turn
began longest ago. A process ends with its parent: it watches its input, which closes when the parent is gone,
however it went. While imports come, one process more waits, ready, for the next: starting takes a second.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Any

import structlog

from chassis import sql
from chassis.imports.locks import JOB_LOCK
from chassis.imports.turns import PAUSE_SECONDS

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Begin

log = structlog.get_logger()
queries: Any = sql.load(__file__)

MOST_WORKERS = 3  # a replica, one an owner: a long import leaves places to others
_SPARE_SECONDS = 600.0
_SWEEP_SECONDS = 600.0
_ABANDONED_SECONDS = 3600


@dataclass(slots=True)
class _Worker:
    process: Popen[bytes]
    job_id: UUID
    owner: str


@dataclass(slots=True)
class _Crew:
    working: list[_Worker] = field(default_factory=list)
    spare: Popen[bytes] | None = None
    spare_until: float = 0.0
    next_sweep: float = 0.0


# One a process: `@every` makes a new instance of the service for each round.
_crew = _Crew()


def supervise(begin: Begin, service: str) -> bool:
    """Look after the workers, and start one where there is work; never waits. True: there may be more."""
    _crew.working = [worker for worker in _crew.working if not _has_ended(worker)]
    now = time.monotonic()
    _sweep(begin, now)
    if _take(begin, service):
        _crew.spare_until = now + _SPARE_SECONDS
        return True
    _keep_spare(service, now)
    return False


def _take(begin: Begin, service: str) -> bool:
    """Give the next job to a worker, if there is one and a place for it."""
    if len(_crew.working) >= MOST_WORKERS:
        return False
    here = [worker.owner for worker in _crew.working]
    with begin() as tx:
        job = queries.take_job(tx, key=JOB_LOCK, here=here, pause=PAUSE_SECONDS)
    if job is None:
        return False
    process = _begun(service, job.job_id)
    _crew.working.append(_Worker(process, job.job_id, job.owner))
    log.info("import_worker_started", job_id=str(job.job_id), pid=process.pid)
    return True


def _begun(service: str, job_id: UUID) -> Popen[bytes]:
    """Tell the spare process, or a new one, what to work on."""
    spare, _crew.spare = _crew.spare, None
    if spare is not None and spare.poll() is None:
        try:
            return _told(spare, job_id)
        except BrokenPipeError:
            log.warning("import_spare_lost", pid=spare.pid)
    return _told(_started(service), job_id)


def _told(process: Popen[bytes], job_id: UUID) -> Popen[bytes]:
    if process.stdin is None:
        raise RuntimeError("the worker has no input")
    process.stdin.write(f"{job_id}\n".encode())
    return process


def _started(service: str) -> Popen[bytes]:
    command = [sys.executable, "-m", "chassis.imports.worker", service]
    return Popen(command, stdin=PIPE, bufsize=0)  # it logs where its service does


def _has_ended(worker: _Worker) -> bool:
    """Tell whether a worker is over, and see it off."""
    status = worker.process.poll()
    if status is None:
        return False
    _close(worker.process)
    if status:
        log.warning("import_worker_failed", job_id=str(worker.job_id), status=status)
    return True


def _keep_spare(service: str, now: float) -> None:
    """Have a process ready while imports come, and none when they have not come for long."""
    wanted = now < _crew.spare_until
    if wanted and (_crew.spare is None or _crew.spare.poll() is not None):
        _crew.spare = _started(service)
    elif not wanted and _crew.spare is not None:
        _close(_crew.spare)  # the end of its input ends it
        if _crew.spare.poll() is not None:
            _crew.spare = None


def _close(process: Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _sweep(begin: Begin, now: float) -> None:
    if now < _crew.next_sweep:
        return
    _crew.next_sweep = now + _SWEEP_SECONDS
    with begin() as tx:
        queries.delete_abandoned(tx, seconds=_ABANDONED_SECONDS)
