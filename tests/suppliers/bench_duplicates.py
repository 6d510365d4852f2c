"""`python -m tests.suppliers.bench_duplicates`: the background comparison of names, its rate and finds.

Needs `make infra`. Names are generated, one in fifty a misspelt double; or those of a CSV's column:
    … --csv data/uhm_region_suppliers_2021.csv --column supplier --show
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg2.extras import execute_values, register_uuid

from chassis import migrate
from chassis.db import Database
from chassis.ids import uuid7
from deploy.local import admin as local_admin
from deploy.local import provision
from services.suppliers import usecases
from tests.suppliers.bodies import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chassis.db import Transaction

_PARTS = [
    "al",
    "be",
    "dor",
    "fen",
    "gal",
    "han",
    "is",
    "kor",
    "lin",
    "mar",
    "nor",
    "os",
    "pel",
    "rin",
    "sol",
    "tor",
    "ul",
    "ven",
    "wes",
    "yr",
    "zan",
    "bro",
    "cal",
    "din",
    "ek",
    "fal",
    "gri",
    "hel",
    "jon",
    "kra",
    "lun",
    "mor",
    "nil",
    "olm",
    "par",
    "ros",
    "sand",
    "tal",
    "und",
    "vik",
]
_WORDS = ("Medicin", "Teknik", "Bygg", "Vård", "Service", "Konsult", "Energi", "Logistik", "Data", "Sverige")
_FORMS = ("AB", "Aktiebolag", "HB", "AB (publ)")
_CHUNK = 5000
_INSERT = "INSERT INTO supplier (supplier_id, legal_name, country, status, language, registered_at) VALUES %s"


def main() -> None:
    """Register the names, compare all, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--suppliers", type=int, default=50_000)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--column", default="supplier")
    parser.add_argument("--show", action="store_true", help="print the pairs")
    chosen = parser.parse_args()
    names = _read(chosen.csv, chosen.column) if chosen.csv else _generated(chosen.suppliers)
    admin = local_admin.load()
    name = f"{admin.namespace}_bench_{os.getpid()}"
    try:
        dsn = provision.provision_databases(name, admin)["suppliers"]
        migrate.migrate(dsn, "suppliers")
        _measure(Database(dsn, 2), names, show=chosen.show)
    finally:
        provision.drop(name, admin)


def _read(file: Path, column: str) -> list[str]:
    with file.open(encoding="utf-8", newline="") as rows:
        return [row[column] for row in csv.DictReader(rows)]


def _generated(number: int) -> list[str]:
    chance = random.Random(1)  # noqa: S311  the same names every time
    names: list[str] = []
    while len(names) < number:
        if names and chance.random() < 0.02:
            name = chance.choice(names)
            place = chance.randrange(1, 8)
            names.append(name[:place] + name[place - 1] + name[place:])
        else:
            first = "".join(chance.choices(_PARTS, k=chance.randint(2, 4))).capitalize()
            names.append(
                " ".join([first, *chance.sample(_WORDS, chance.randint(1, 2)), chance.choice(_FORMS)])
            )
    return names


def _measure(db: Database, names: Sequence[str], *, show: bool) -> None:
    register_uuid()
    for start in range(0, len(names), _CHUNK):
        rows = [(uuid7(), name, "SE", "active", "sv", NOW) for name in names[start : start + _CHUNK]]
        with db.transaction() as tx, tx.cursor() as cursor:
            execute_values(cursor, _INSERT, rows)

    @contextmanager
    def begin() -> Iterator[Transaction]:
        with db.transaction() as tx:
            yield tx

    began, cpu, ticks, slowest = time.monotonic(), time.process_time(), 0, 0.0
    more = True
    while more:
        tick = time.monotonic()
        more = usecases.duplicates.compare_names(begin)
        ticks, slowest = ticks + 1, max(slowest, time.monotonic() - tick)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("SELECT reasons, count(*) FROM duplicate GROUP BY reasons ORDER BY reasons")
        found = {"+".join(row.reasons): row.count for row in cursor.fetchall()}
        rate = len(names) / seconds
        _say(f"{len(names)} names in {seconds:.1f} s ({cpu:.1f} s of the process): {rate:.0f}/s")
        _say(f"{ticks} ticks, the slowest {slowest * 1000:.0f} ms; pairs: {found}")
        if show:
            cursor.execute(
                "SELECT d.similarity, a.legal_name, b.legal_name AS other FROM duplicate AS d"
                " JOIN supplier AS a ON a.supplier_id = d.one JOIN supplier AS b ON b.supplier_id = d.other"
                " ORDER BY d.similarity DESC NULLS FIRST, 2"
            )
            for row in cursor.fetchall():
                _say(f"  {row.similarity or 'equal'}  {row.legal_name} | {row.other}")


def _say(text: Any) -> None:
    print(text)  # noqa: T201  the purpose of the command


if __name__ == "__main__":
    main()
