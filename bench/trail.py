"""`make bench-trail`: what the audit trail costs a write, with the sealer running beside.

The suppliers' use case that registers a supplier, in one process as in the service, by 1 and by 8 clients, in
rounds that alternate between with and without; medians of writes a second, and their ratio. Without: the same
use case, and neither the trail nor `changes` is written. On a busy machine the rates are of little worth, and
the processor time that a write takes says more. Ends by itself; the database is its own, and goes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from chassis import changes, clock, logs, migrate, sealer, trail
from chassis.access import Identity
from chassis.db import Database, connect
from chassis.http.conditions import Expectation
from chassis.ids import uuid7
from chassis.loading import loader
from deploy.local import admin as local_admin
from deploy.local import provision
from services.suppliers import schemas, usecases, views
from tests.suppliers.bodies import GLOVES, SUPPLIER

GOAL = 0.90


OFFICE = Identity(
    subject="kim", client="bench", role="national_office", scopes=frozenset(), view=views.INTERNAL
)
WROTE, NOTED = trail.wrote_all, changes.note


def nothing(*_args: Any, **_named: Any) -> None:
    """Leave the trail alone."""


class Round(NamedTuple):
    """What one round came to: writes a second, and the milliseconds of processor time that each took."""

    rate: float
    python: float
    backends: float  # of PostgreSQL, the sealer's included


def main() -> int:
    """Measure and print; 0 if a write costs at most a tenth more."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=14, help="of each kind, for each number of clients")
    parser.add_argument("--seconds", type=float, default=4.0, help="of a round")
    chosen = parser.parse_args()
    logs.configure("bench", "WARNING")  # lines of one's own only
    admin = local_admin.load()
    namespace = f"{admin.namespace}_bench_trail"
    dsn = provision.provision_databases(namespace, admin)["suppliers"]
    try:
        prepare(dsn)
        ratios = [measure(dsn, clients, chosen.rounds, chosen.seconds) for clients in (1, 8)]
    finally:
        provision.drop(namespace, admin)
    return 0 if min(ratios) >= GOAL else 1


def prepare(dsn: str) -> None:
    """Make the tables, and the category that the suppliers' contracts are in."""
    migrate.migrate(dsn, "suppliers")
    with closing(connect(dsn)) as conn, conn:
        gloves = loader(schemas.NewCategory).load(GLOVES)
        usecases.categories.put_category(conn, "handskar", gloves, Expectation(absent=True))


def measure(dsn: str, clients: int, rounds: int, seconds: float) -> float:
    """Print what one number of clients comes to, and return the ratio of the medians."""
    db = Database(dsn, clients + 1)
    found: dict[bool, list[Round]] = {True: [], False: []}
    one_round(db, clients, 1.0, True)  # warm
    for number in range(rounds):
        for trailed in (True, False) if number % 2 else (False, True):
            found[trailed].append(one_round(db, clients, seconds, trailed))
    db.close()
    without, with_trail = (
        Round(*map(statistics.median, zip(*found[kind], strict=True))) for kind in (False, True)
    )
    pairs = sorted(one.rate / other.rate for one, other in zip(found[True], found[False], strict=True))
    ratio = with_trail.rate / without.rate
    say(
        f"clients={clients} rounds={rounds} writes/s: without {without.rate:.1f}, with {with_trail.rate:.1f},"
        f" ratio {ratio:.3f} (pairs {pairs[0]:.3f} to {pairs[-1]:.3f},"
        f" median {statistics.median(pairs):.3f})"
    )
    cpu, more = sum(without[1:]), sum(with_trail[1:])
    say(
        f"    ms of processor time a write, Python + PostgreSQL: without {without.python:.2f} +"
        f" {without.backends:.2f}, with {with_trail.python:.2f} + {with_trail.backends:.2f},"
        f" {100 * (more / cpu - 1):+.1f} %"
    )
    return ratio


def one_round(db: Database, clients: int, seconds: float, trailed: bool) -> Round:
    """Let the clients write for so long, the sealer beside them."""
    stopping, counts = threading.Event(), [0] * clients
    trail.wrote_all, changes.note = (WROTE, NOTED) if trailed else (nothing, nothing)

    def write(client: int) -> None:
        while not stopping.is_set():
            register(db)
            counts[client] += 1

    work = [partial(write, client) for client in range(clients)] + [partial(seal, db, stopping)]
    threads = [threading.Thread(target=part) for part in work]
    began, python, backends = time.perf_counter(), time.process_time(), backends_seconds(db)
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stopping.set()
    for thread in threads:
        thread.join()
    writes, took = sum(counts), time.perf_counter() - began
    spent = (time.process_time() - python, backends_seconds(db) - backends)
    return Round(writes / took, *(1000 * each / writes for each in spent))


def backends_seconds(db: Database) -> float:
    """Return the processor time of this database's backends so far (on this machine; else 0)."""
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        files = [Path(f"/proc/{row.pid}/schedstat") for row in cursor.fetchall()]
    return sum(int(file.read_text().split()[0]) / 1e9 for file in files if file.exists())


def seal(db: Database, stopping: threading.Event) -> None:
    """Seal as the service's loop does."""
    signal = db.signal("seal")
    while not stopping.is_set():
        signal.clear()
        if not sealer.seal(db):
            signal.wait(1)


def register(db: Database) -> None:
    """Read a body, register the supplier, and shape the answer, as a POST does."""
    body = SUPPLIER | {"identifiers": {}, "legal_name": f"Leverantör {uuid7()}"}
    new = loader(schemas.NewSupplier).load(body)
    with db.transaction("bench", OFFICE) as tx:
        supplier = usecases.registry.register_supplier(tx, new, OFFICE, clock.now())
    loader(schemas.SupplierView).dump(supplier)


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
