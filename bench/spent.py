"""What processes have taken so far: processor time and memory, as Linux tells of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chassis import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

queries: Any = sql.load(__file__)

_TICKS = os.sysconf("SC_CLK_TCK")


class _Process(NamedTuple):
    pid: int
    parent: int
    seconds: float  # its own, and of its children that have ended


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the processor time of processes and all that descend from them, ended ones too."""
    return sum(each.seconds for each in _families(roots))


def backends_seconds(conn: Any) -> float:
    """Return the processor time so far of a database's backends (on this machine; else 0)."""
    files = [Path(f"/proc/{row.pid}/schedstat") for row in queries.backends(conn)]
    return sum(int(file.read_text().split()[0]) / 1e9 for file in files if file.exists())


def peak_megabytes(roots: Iterable[int]) -> float:
    """Return the most that processes and their living descendants have had resident, summed."""
    return sum(map(_peak, (each.pid for each in _families(roots))))


def _families(roots: Iterable[int]) -> list[_Process]:
    alive = {each.pid: each for each in map(_read, Path("/proc").glob("[0-9]*/stat")) if each}
    meant = {pid for pid in roots if pid in alive}
    found: list[_Process] = []
    while meant:
        found += [alive[pid] for pid in meant]
        meant = {each.pid for each in alive.values() if each.parent in meant}
    return found


def _read(file: Path) -> _Process | None:
    try:
        numbers = file.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None  # it has just ended
    return _Process(int(file.parent.name), int(numbers[1]), sum(map(int, numbers[11:15])) / _TICKS)


def _peak(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0)
