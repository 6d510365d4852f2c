"""`kedja restore SERVICE DIR`: a service's database as it was; what it held since is kept beside it."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from psycopg2 import sql as compose

from chassis import backup, clock, migrate, postgres, sql
from chassis.db import connect
from chassis.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.db import Transaction

queries: Any = sql.load(__file__)

_HOUR = 3600


class RestoreError(OperatorError):
    """The database was left as it is; the message says why."""


def restore(service: str, dsn: str, folder: Path) -> str:
    """Put a service's backup in place, raise the epoch, and return the schema that holds what was there.

    All in one transaction: a restore that is killed or fails has changed nothing.
    """
    entry = backup.read(folder, service)
    _refuse_unknown_migrations(service, entry["migrations"])
    kept = f"before_restore_{clock.now():%Y%m%dt%H%M%S_%f}"
    with closing(connect(dsn)) as conn, TemporaryDirectory() as scratch:
        script = Path(scratch) / "restore.sql"
        plain = ["--schema=public", "--no-owner", "--no-privileges", f"--file={script}"]
        postgres.run("pg_restore", [*plain, str(folder / entry["file"])])
        with conn:
            _refuse_while_used(service, conn)
            room = _move_aside(conn, kept) + _extend(conn, entry["extensions"])
            after = _raise_epoch(conn)
        # psql does \copy and the like; it stops at the first fault, and then nothing of this has happened
        steps = [f"--command={room}", f"--file={script}", f"--command={after}"]
        postgres.run("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", *steps], dsn)
    migrate.migrate(dsn, service)
    return kept


def _refuse_unknown_migrations(service: str, applied: list[str]) -> None:
    known = {name for name, _ in migrate.files(service)}
    unknown = [name for name in applied if name not in known]
    if unknown:
        raise RestoreError(f"the backup is of a newer version, with {', '.join(unknown)}: install that first")


def _refuse_while_used(service: str, conn: Transaction) -> None:
    """Refuse while anybody is connected: a running service would write beside what is being put in place."""
    users = queries.other_sessions(conn)
    if users:
        raise RestoreError(
            f"{users} sessions use the database of {service}: stop the service, then try again"
        )


def _move_aside(conn: Transaction, kept: str) -> str:
    """Return the SQL that makes room; the locks wait for, and keep out, whoever has come meanwhile."""
    tables = [compose.Identifier("public", row.name) for row in queries.public_tables(conn)]
    lock = compose.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; ").format(compose.SQL(", ").join(tables))
    text = "SET lock_timeout = '5s'; {lock}ALTER SCHEMA public RENAME TO {kept}; CREATE SCHEMA public"
    parts = {"lock": lock if tables else compose.SQL(""), "kept": compose.Identifier(kept)}
    return compose.SQL(text).format(**parts).as_string(conn)


def _extend(conn: Transaction, extensions: Mapping[str, str]) -> str:
    """Return the SQL that makes what is missing of the extensions, each in its schema."""
    text = (
        "; CREATE SCHEMA IF NOT EXISTS {schema}; CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA {schema}"
    )
    made = [
        compose.SQL(text).format(name=compose.Identifier(name), schema=compose.Identifier(schema))
        for name, schema in sorted(extensions.items())
    ]
    return compose.Composed(made).as_string(conn)


def _raise_epoch(conn: Transaction) -> str:
    """Return the SQL that makes the service's versions higher than all that it ever gave.

    The hours since 1970, where that is more, stand in for epochs that nobody remembers: those of a database
    that was lost altogether.
    """
    known = queries.present_epoch(conn) if queries.has_epoch(conn) else 0
    least = max(int(known) + 1, int(time.time()) // _HOUR)
    return f"UPDATE public.epoch SET epoch = greatest(epoch + 1, {least})"  # noqa: S608  a number
