"""A registry of many suppliers: given sites, contracts and assessments, and scored for the first time."""

from __future__ import annotations

import gc
import multiprocessing
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg2
import stdnum.luhn

from bench import spent
from chassis import clock, logs, sql, tables
from chassis.db import connect
from services.suppliers import domain, reference, repository, usecases
from tests.callers import WHATEVER
from tests.e2e import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.suppliers.domain import Key

queries: Any = sql.load(__file__)

# Where the sites are: the first ones most often.
# fmt: off
COUNTRIES = [
    "CN", "BD", "IN", "PK", "VN", "TH", "MY", "TR", "PL", "DE",
    "SE", "IT", "FR", "US", "MX", "BR", "ET", "KE", "ID", "MM",
]
_FIRST = [
    "Nord", "Syd", "Öst", "Väst", "Berg", "Dal", "Sjö", "Skog", "Fjäll", "Strand",
    "Ek", "Björk", "Lind", "Gran", "Sten", "Guld", "Silver", "Stål", "Glas", "Ljus",
]
_MIDDLE = [
    "medicin", "teknik", "textil", "plast", "papper", "kirurgi", "vård", "kemi",
    "handel", "lager", "import", "trading", "labor", "optik", "dental",
]
_LAST = ["", " Sverige", " Norden", " Group", " International", " Invest", " Produktion", " Service"]
# fmt: on
LANES = 2
_PART = 2000
_NUMBERED = 10  # every tenth supplier has an organisation's number


def row(number: int) -> dict[str, Any]:
    """Return a fictive supplier as a row of an import; its name follows no order."""
    mixed = number * 2_654_435_761 % 2**32 // 16  # Knuth's multiplicative hash
    first, middle = _FIRST[mixed % 20] + _FIRST[mixed // 20 % 20].lower(), _MIDDLE[mixed // 400 % 15]
    name = f"Exempel {first}{middle} {number}{_LAST[mixed // 6000 % 8]} AB"
    identifier = orgnr(number) if number % _NUMBERED == 0 else ""
    return {
        "region": "01",
        "own_number": f"L-{number}",
        "orgnr": identifier,
        "legal_name": name,
        "country": "SE",
    }


def orgnr(number: int) -> str:
    """Return a fictive organisation's number with its check digit, another one for each number."""
    digits = str(552_000_000 + number)
    return digits + stdnum.luhn.calc_check_digit(digits)


def numbered(number: int) -> str:
    """Return the organisation's number of a supplier that has one, where there are a million."""
    return orgnr(number % 1_000_000 // _NUMBERED * _NUMBERED)


def file_of(count: int) -> bytes:
    """Return so many rows as CSV."""
    with tables.writer(tables.CSV, list(row(0))) as writer:
        chunks = (range(start, min(start + 5000, count)) for start in range(0, count, 5000))
        parts = [writer.rows([row(number) for number in chunk]) for chunk in chunks]
        return b"".join([writer.head(), *parts, *writer.ending()])


def fill(dsn: str) -> None:
    """Give the suppliers that were imported everything that a score follows from, and a first score."""
    with closing(connect(dsn)) as conn, conn:
        conn.cursor().execute("SET statement_timeout = 0")
        queries.forget_uncompared(conn)
        queries.add_categories(conn)
        queries.number_suppliers(conn)
        queries.add_sites(conn, countries=COUNTRIES)
        queries.add_contracts(conn, regions=sorted(reference.REGIONS))
        queries.add_cases(conn)
        queries.add_judgements(conn)
        for index, (year, values) in scene.newest_values().items():
            usecases.countries.import_country_index(conn, (index, year), values, WHATEVER, clock.now())
    tidy(dsn)
    with closing(connect(dsn)) as conn:
        keys = [(found.supplier_id, found.category_id) for found in queries.keys(conn)]
        conn.commit()
    in_lanes(score, [(dsn, keys[lane::LANES]) for lane in range(LANES)])
    tidy(dsn)


def score(dsn: str, keys: Sequence[Key]) -> None:
    """Give cases their first scores, without telling anybody."""
    with closing(connect(dsn)) as conn:
        for start in range(0, len(keys), _PART):
            part = keys[start : start + _PART]
            repository.scores.lock_cases(conn, part)
            cases = repository.scores.cases_to_score(conn, part)
            scored = domain.rescore(cases, repository.rule_sets.active(conn), clock.now())
            repository.scores.save_scores(conn, scored, {key: [key[0]] for key in part})
            conn.commit()


def tidy(dsn: str) -> None:
    """Do what autovacuum does in time."""
    with closing(psycopg2.connect(dsn)) as conn:
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("VACUUM ANALYZE")


def in_lanes(work: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> int:
    """Do work in a process per tuple of arguments; return the most megabytes that one had resident."""
    lanes = [multiprocessing.Process(target=_lane, args=(work, *each)) for each in arguments]
    for lane in lanes:
        lane.start()
    peak = 0
    while any(lane.is_alive() for lane in lanes):
        lanes[0].join(0.2)
        peak = max(peak, *(int(spent.peak_megabytes([lane.pid])) for lane in lanes))
    for lane in lanes:
        lane.join()
        if lane.exitcode:
            raise RuntimeError(f"a lane ended with {lane.exitcode}")
    return peak


def _lane(work: Callable[..., None], *arguments: Any) -> None:
    logs.configure("bench", "WARNING")
    gc.freeze()  # as the service does once it has started
    work(*arguments)
