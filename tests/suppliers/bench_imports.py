"""`python -m tests.suppliers.bench_imports`: a large file through a running service; rows/s and peak memory.

Needs `make infra`. Prints for the service and for the worker process the most memory that was resident
(VmHWM), and how long a request took at most that was answered meanwhile.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from chassis import tables
from deploy.local import admin as local_admin
from deploy.local import provision
from tests.suppliers.files import category
from tests.suppliers.replicas import Replicas, row

_FORMATS = {kind: media_type for media_type, kind in tables.MEDIA_TYPES.items()}
_CHUNK = 5000


def main() -> None:
    """Make the file, import it, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--format", choices=sorted(_FORMATS), default="csv")
    chosen = parser.parse_args()
    admin = local_admin.load()
    name = f"{admin.namespace}_bench_{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        replicas = Replicas(provision.provision(name, admin), Path(folder))
        try:
            replicas.start()
            replicas.db.prepare(category)
            _measure(replicas, _file(chosen.rows, _FORMATS[chosen.format]), chosen)
        finally:
            for platform in replicas.running:
                platform.stop_all()
            provision.drop(name, admin)


def _file(rows: int, media_type: str) -> bytes:
    with tables.writer(media_type, list(row(0))) as writer:
        chunks = (range(start, min(start + _CHUNK, rows)) for start in range(0, rows, _CHUNK))
        parts = [writer.rows([row(number) for number in chunk]) for chunk in chunks]
        return b"".join([writer.head(), *parts, *writer.ending()])


def _measure(replicas: Replicas, data: bytes, chosen: Any) -> None:
    service = replicas.running[0].processes["suppliers"].pid
    before = _peak(service)
    began = time.monotonic()
    import_id = replicas.post(data, _FORMATS[chosen.format]).json()["import_id"]
    taken = time.monotonic() - began
    slowest, worker, job = 0.0, 0, replicas.get(f"/imports/{import_id}")
    while job["state"] not in {"done", "failed"}:
        asked = time.monotonic()
        job = replicas.get(f"/imports/{import_id}")
        slowest = max(slowest, time.monotonic() - asked)
        worker = max(worker, _peak(replicas.worker() or 0))
        time.sleep(0.2)
    seconds = time.monotonic() - began - taken
    accepted = job["rows_accepted"]
    print(  # noqa: T201  the purpose of the command
        f"{chosen.format}, {len(data) / 1e6:.1f} MB: {job['state']} {job['reason'] or ''}"
        f" {accepted} of {job['rows_total']} rows accepted\n"
        f"taken in {taken:.1f} s, worked on in {seconds:.1f} s: {accepted / seconds:.0f} rows/s\n"
        f"peak memory: service {before:.0f} -> {_peak(service):.0f} MB, worker {worker:.0f} MB\n"
        f"slowest request meanwhile: {slowest * 1000:.0f} ms"
    )
    if accepted != chosen.rows:
        sys.exit(1)


def _peak(pid: int) -> int:
    """Return the most megabytes that a process had resident; 0 if there is none."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
