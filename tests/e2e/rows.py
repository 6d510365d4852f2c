"""Tables of the services' databases, whole rows at a time."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from psycopg2 import sql

from chassis.db import connect

if TYPE_CHECKING:
    from tests.harness import Platform

Rows = dict[str, list[dict[str, Any]]]


def ask(platform: Platform, service: str, statement: Any, **values: Any) -> list[Any]:
    """Run a statement in a service's database; rows as tuples."""
    with closing(connect(platform.env[service]["DATABASE_URL"])) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def of(platform: Platform, service: str, *tables: str, without: tuple[str, ...] = ()) -> Rows:
    """Return tables' rows, sorted; columns `without` left out."""
    return {table: _rows(platform, service, table, without) for table in tables}


def _rows(platform: Platform, service: str, table: str, without: tuple[str, ...]) -> list[dict[str, Any]]:
    text = "SELECT to_jsonb(t) - %(without)s::text[] AS row FROM {table} AS t ORDER BY to_jsonb(t)::text"
    statement = sql.SQL(text).format(table=sql.Identifier(table))
    return [row.row for row in ask(platform, service, statement, without=list(without))]
