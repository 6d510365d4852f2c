"""`make bench-idle`: how soon after its start each service is ready, and its memory while it is idle.

The real processes, one at a time, started three times in turn on databases and a vhost of their own, which go
afterwards. Ready: /readyz answers 200. Memory: what is resident (VmRSS) once it takes no more, in millions of
bytes; pages that services share, such as libraries' code, count for each.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chassis import logs
from deploy.local import admin as local_admin
from tests import harness

if TYPE_CHECKING:
    from tests.harness import Platform

MOST_SECONDS, MOST_MEGABYTES = 2.0, 80.0


class Start(NamedTuple):
    """What one start came to."""

    seconds: float
    megabytes: float


def main() -> int:
    """Measure and print; 0 if every service is ready within 2 s and takes less than 80 MB."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="starts of each service")
    rounds = parser.parse_args().rounds
    logs.configure("bench", "WARNING")  # lines of one's own only
    admin = local_admin.load()
    name = f"{admin.namespace}_bench_idle"
    with (
        tempfile.TemporaryDirectory(prefix="kedja-bench-") as folder,
        harness.provisioned(name, admin, Path(folder)) as platform,
    ):
        platform.prepare()
        found = measure(platform, rounds)
    worst = Start(*map(max, zip(*found, strict=True)))
    sys.stdout.write(f"bench-idle: ready_s={worst.seconds:.2f} rss_mb={worst.megabytes:.1f}\n")
    return 0 if worst.seconds <= MOST_SECONDS and worst.megabytes < MOST_MEGABYTES else 1


def measure(platform: Platform, rounds: int) -> list[Start]:
    """Start every service so often, and print and return each one's medians."""
    starts: dict[str, list[Start]] = {service: [] for service in platform.env}
    for _ in range(rounds):
        for service, its in starts.items():
            its.append(start(platform, service))
    found = []
    for service, its in starts.items():
        median = Start(*map(statistics.median, zip(*its, strict=True)))
        spread = f"{min(each.seconds for each in its):.2f}-{max(each.seconds for each in its):.2f}"
        sys.stdout.write(f"{service:14} ready {median.seconds:.2f} s ({spread}), {median.megabytes:.1f} MB\n")
        found.append(median)
    return found


def start(platform: Platform, service: str) -> Start:
    """Start a service, wait until it is ready and idle, and stop it."""
    seconds = platform.seconds_to_ready(service)
    megabytes = platform.idle_megabytes(service)
    platform.stop(service)
    return Start(seconds, megabytes)


if __name__ == "__main__":
    sys.exit(main())
