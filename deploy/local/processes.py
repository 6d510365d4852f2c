"""Ending what a killed supervisord left behind: only what carries this checkout's mark, by process id."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from deploy.local.checkout import RUN

MARK = "KEDJA_RUN"  # an environment variable that supervisord has and every process under it inherits


def end_leftovers() -> None:
    """Ask each leftover to stop, and kill those that have not within 15 seconds."""
    pids = set(leftovers())
    for pid in pids:
        _signal(pid, signal.SIGINT if _is_postmaster(pid) else signal.SIGTERM)
    for pid in pids:
        if not wait_until_gone(pid, seconds=15):
            _signal(pid, signal.SIGKILL)
            wait_until_gone(pid, seconds=5)


def leftovers() -> Iterator[int]:
    """Process ids of what carries the mark, and of PostgreSQL, which overwrites its environment."""
    mark = os.fsencode(f"{MARK}={RUN}")
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is another user's
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
    if pid := _postmaster():
        yield pid


def wait_until_gone(pid: int, seconds: float) -> bool:
    """Wait until a process (no child of ours) has ended; False if it has not within that time."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _postmaster() -> int | None:
    try:
        pid = int((RUN / "postgres" / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if _is_postmaster(pid) else None


def _is_postmaster(pid: int) -> bool:
    data = os.fsencode((RUN / "postgres").resolve() / "data")
    try:
        return data in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
