"""`make bench-suppliers`: a registry of a million suppliers, each with a case and three sites.

Imports them through the running service; gives a tenth of the cases a reviewed matrix; scores all cases again
because of a new dataset, in two processes as two replicas would, beside the floor: the same rows read and
written by multi-row statements alone, likewise; tells of completed assessments while the service scores all
cases again by itself; counts for the gauges and a year's figures; searches over HTTP. The comparison of names
that an import leaves to the background is left out. Ends by itself; the database is its own, and goes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from contextlib import closing
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from bench.suppliers import stage
from bench.suppliers.everyday import everyday_p99
from bench.suppliers.search import search_p99
from chassis import clock, logs
from chassis.db import Database, connect
from deploy.local import admin as local_admin
from deploy.local import provision
from services.suppliers import usecases
from tests.asking import ask
from tests.callers import WHATEVER
from tests.e2e import scene
from tests.suppliers.replicas import Replicas

if TYPE_CHECKING:
    from tests.harness import Platform

_FLOOR_PART = 5000
GOALS = {"rescore_s": 60, "ratio": 3, "search_p99_ms": 50, "import_s": 600}  # at a million suppliers


class Rescoring(NamedTuple):
    """How long a rescoring of all cases took, the most memory of one of its processes, how many were told."""

    seconds: float
    rss_mb: int
    told: int


def main() -> int:
    """Measure and print; 0 if every goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--suppliers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2, help="of the rescoring and of its floor, in turn")
    chosen = parser.parse_args()
    logs.configure("bench", "WARNING")  # lines of one's own only
    admin = local_admin.load()
    name = f"{admin.namespace}_bench_suppliers_{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        replicas = Replicas(provision.provision(name, admin), Path(folder))
        try:
            replicas.start()
            return _measure(replicas, chosen)
        finally:
            for platform in replicas.running:
                platform.stop_all()
            provision.drop(name, admin)


def _measure(replicas: Replicas, chosen: Any) -> int:
    dsn = replicas.db.dsn
    import_s = import_all(replicas, chosen.suppliers)
    say(f"imported in {import_s:.1f} s: {chosen.suppliers / import_s:.0f} rows/s")
    replicas.running[0].stop("suppliers")
    stage.fill(dsn)
    stage.in_lanes(work_off, [(dsn,)])  # the waves that the countries' values have begun
    rounds = [(rescore(dsn, number), floor(dsn)) for number in range(chosen.rounds)]
    for rescoring, least in rounds:
        told = f"{rescoring.told} told of a new band, {rescoring.rss_mb} MB"
        say(f"rescored in {rescoring.seconds:.1f} s ({told}), floor {least:.1f} s")
    replicas.running[0].start("suppliers")
    replicas.running[0].await_ready("suppliers")
    waited = everyday_p99(replicas, say)
    tell_counting(replicas.running[0])
    p99 = search_p99(replicas.running[0], say)
    found = {
        "suppliers": chosen.suppliers,
        "rescore_s": statistics.median(rescoring.seconds for rescoring, _ in rounds),
        "floor_s": statistics.median(least for _, least in rounds),
        "ratio": statistics.median(rescoring.seconds / least for rescoring, least in rounds),
        "rss_mb": max(rescoring.rss_mb for rescoring, _ in rounds),
        "search_p99_ms": p99,
        "import_s": import_s,
        "everyday_p99_ms": waited,
    }
    shown = (f"{name}={round(value, 1):.10g}" for name, value in found.items())
    say(f"bench-suppliers: {' '.join(shown)}")
    return 0 if all(found[name] <= goal for name, goal in GOALS.items()) else 1


def import_all(replicas: Replicas, count: int) -> float:
    """Import so many suppliers from one file through the service; return the seconds from the answer on."""
    job = replicas.post(stage.file_of(count)).json()
    began = time.monotonic()
    state = replicas.get(f"/imports/{job['import_id']}")
    while state["state"] not in {"done", "failed"}:
        time.sleep(0.5)
        state = replicas.get(f"/imports/{job['import_id']}")
    if state["rows_accepted"] != count:
        raise RuntimeError(f"the import ended as {state}")
    return time.monotonic() - began


def rescore(dsn: str, number: int) -> Rescoring:
    """Score all cases again: the newest CPI is imported anew, with each country a few points better."""
    year, values = scene.newest_values()["CPI"]
    better = {country: str(min(100, Decimal(value) + number + 1)) for country, value in values.items()}
    with closing(connect(dsn)) as conn, conn:
        usecases.countries.import_country_index(conn, ("CPI", year), better, WHATEVER, clock.now())
    began = time.perf_counter()
    peak = stage.in_lanes(work_off, [(dsn,)] * stage.LANES)
    seconds = time.perf_counter() - began
    with closing(connect(dsn)) as conn, conn:
        cases, [wave] = stage.queries.case_count(conn), list(stage.queries.newest_wave(conn))
        stage.queries.forget_events(conn)
    if (wave.cases, wave.ended_at is None) != (cases, False):
        raise RuntimeError(f"of {cases} cases {wave.cases} were scored")
    stage.tidy(dsn)
    return Rescoring(seconds, peak, wave.told)


def work_off(dsn: str) -> None:
    """Work on waves until there are none, as a replica does."""
    db = Database(dsn, 2)
    while usecases.waves.work(partial(db.transaction, "bench"), clock.now()):
        pass
    db.close()


def tell_counting(platform: Platform) -> None:
    """Print how long it takes to count everything: for a scrape of the gauges, and for a year's figures."""
    for year in (clock.now().year, clock.now().year - 1):
        began = time.perf_counter()
        answer = ask("GET", platform.url("suppliers", f"/figures?year={year}"))
        say(f"  figures of {year}: {1000 * (time.perf_counter() - began):.0f} ms ({answer.status_code})")
    began = time.perf_counter()
    platform.ops("suppliers", "/metrics")
    say(f"  gauges: {1000 * (time.perf_counter() - began):.0f} ms")


def floor(dsn: str) -> float:
    """Read and write as many rows of the same tables, with multi-row statements alone; return the seconds."""
    with closing(connect(dsn)) as conn:
        cuts = [
            (found.supplier_id, found.category_id) for found in stage.queries.every(conn, size=_FLOOR_PART)
        ]
        conn.commit()
    bounds = [(f"{UUID(int=0)}", ""), *cuts, (f"{UUID(int=2**128 - 1)}", "")]
    parts = list(pairwise(bounds))
    began = time.perf_counter()
    stage.in_lanes(rewrite, [(dsn, parts[lane :: stage.LANES]) for lane in range(stage.LANES)])
    seconds = time.perf_counter() - began
    with closing(connect(dsn)) as conn, conn:
        stage.queries.forget_floor(conn)
    stage.tidy(dsn)
    return seconds


def rewrite(dsn: str, parts: list[Any]) -> None:
    """Write the rows of parts once more, a transaction a part."""
    with closing(connect(dsn)) as conn:
        for after, last in parts:
            named = ("after_supplier", "after_category", "last_supplier", "last_category")
            of = dict(zip(named, (*after, *last), strict=True))
            stage.queries.rewrite_results(conn, **of)
            stage.queries.rewrite_history(conn, **of)
            stage.queries.rewrite_cases(conn, **of)
            conn.commit()


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
