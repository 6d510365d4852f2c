"""Plain numbered SQL files, each applied once, in order, in a transaction of its own."""

from __future__ import annotations

import hashlib
import importlib.util
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import structlog

from chassis.db import Transaction, connect
from chassis.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger()

# Any constant will do: one migrator at a time works on a database.
_LOCK = 7_305_201
_WAIT_SECONDS = 60

_CREATE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)"""


class MigrationError(OperatorError):
    """The database and the migration files contradict each other; the message says where."""


def folders(service: str) -> list[tuple[str, Path]]:
    """Return where a service's migrations lie, the chassis' own first, without importing the service."""
    found = [("chassis", Path(__file__).parent / "migrations")]
    spec = importlib.util.find_spec(f"services.{service}")
    if spec is None or not spec.submodule_search_locations:
        raise MigrationError(f"there is no service called {service} here")
    return [*found, (service, Path(next(iter(spec.submodule_search_locations))) / "migrations")]


def files(service: str) -> list[tuple[str, str]]:
    """Return (name, SQL) of every migration of `service` in the order of application."""
    return [
        (f"{owner}/{file.stem}", file.read_text(encoding="utf-8"))
        for owner, folder in folders(service)
        for file in sorted(folder.glob("[0-9]*.sql"))
    ]


def migrate(dsn: str, service: str) -> list[str]:
    """Bring the database up to date and return the names of what was applied."""
    with closing(connect(dsn)) as conn:
        _lock(conn)
        with conn, conn.cursor() as cursor:
            cursor.execute(_CREATE)
        return list(_apply_all(conn, files(service)))


def pending(conn: Transaction, service: str) -> list[str]:
    """Return the names of the migrations that the database lacks."""
    applied = _applied(conn)
    return [name for name, _ in files(service) if name not in applied]


def _lock(conn: Transaction) -> None:
    """Wait for other migrators by polling: a waiting lock request would hold up index builds."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        with conn, conn.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            row = cursor.fetchone()
        if row is not None and row[0]:
            return
        time.sleep(0.2)
    raise MigrationError(f"another migration has held the lock for {_WAIT_SECONDS} s")


def _applied(conn: Transaction) -> dict[str, str]:
    with conn.cursor() as cursor:
        cursor.execute("SELECT name, checksum FROM schema_migration")
        return dict(cursor.fetchall())


def _apply_all(conn: Transaction, migrations: Iterable[tuple[str, str]]) -> Iterable[str]:
    with conn:
        applied = _applied(conn)
    for name, text in migrations:
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if name not in applied:
            _apply(conn, name, text, checksum)
            log.info("migration_applied", migration=name)
            yield name
        elif applied[name] != checksum:
            raise MigrationError(
                f"{name} was changed after it had been applied here: write a new migration instead"
            )


def _apply(conn: Transaction, name: str, text: str, checksum: str) -> None:
    try:
        with conn, conn.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")  # a table of millions takes its time
            cursor.execute(text)
            cursor.execute("INSERT INTO schema_migration (name, checksum) VALUES (%s, %s)", [name, checksum])
    except psycopg2.Error as fault:
        raise MigrationError(f"{name}: {str(fault).strip()}") from fault
