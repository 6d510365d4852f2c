"""`kedja restore --report`: what a restored database lacks, and what of that can come back.

Found by comparing with what the database held before, kept beside it, and with what other services'
projections know: that is there also when the database was lost altogether.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg2
from psycopg2 import sql as compose

from chassis import config, sql
from chassis.db import connect
from chassis.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chassis.db import Transaction
    from chassis.resync import Projection

queries: Any = sql.load(__file__)

EXAMPLES = 20
# The backbone's own book-keeping: what it lacks is made good by delivering and telling again. Who polls
# /changes is told by itself, and a salt that is gone has gone with the entries that it was for.
_UNTOLD = {
    *("inbox", "subject_version", "epoch", "schema_migration"),
    *("changes_sealed", "changes_unsealed", "changes_epoch", "seal", "trail_salt"),
}


class ReportError(OperatorError):
    """There is nothing to compare with; the message says what there is."""


class Table(NamedTuple):
    """A table that is both in the restored schema and in the one kept beside it."""

    name: str
    key: list[str]
    columns: list[str]  # those that both have


def report(
    service: str, kept: str, keeps: Mapping[str, Sequence[Projection]], dsn_of: Callable[[str], str]
) -> Iterator[str]:
    """Return the report's lines; keeps: what each installed service keeps of which producer."""
    sources = {each.table: each.producer for each in keeps[service]}
    with closing(connect(dsn_of(service))) as conn:
        conn.set_session(readonly=True, autocommit=True)
        queries.take_time(conn)
        _refuse_unknown(conn, service, kept)
        for row in list(queries.tables_beside(conn, kept=kept)):
            table = Table(row.name, row.key, row.columns)
            if table.name == "trail_salt":
                yield from _erased(conn, kept)
            if table.name not in _UNTOLD:
                yield from _told(conn, kept, table, sources.get(table.name))
        versions = {row.subject: row.version for row in queries.all_versions(conn)}
    for other, projections in keeps.items():
        for each in projections:
            if each.producer == service:
                yield from _asked(other, each, dsn_of, versions)


def _refuse_unknown(conn: Transaction, service: str, kept: str) -> None:
    schemas = [row.name for row in queries.kept_schemas(conn)]
    if kept not in schemas:
        there = ", ".join(schemas) or "none"
        raise ReportError(f"{service} has no schema {kept} from before a restore; it has: {there}")


def _asked(
    other: str, projection: Projection, dsn_of: Callable[[str], str], versions: Mapping[str, int]
) -> Iterator[str]:
    """Return the lines about what another service knows; one that cannot be asked hides nothing else."""
    try:
        yield from list(_known(other, projection, dsn_of(other), versions))
    except (psycopg2.Error, config.ConfigError) as fault:
        reason = " ".join(str(fault).split())
        yield f"{other} cannot be asked what it knows ({projection.table}): {reason}"


def _told(conn: Transaction, kept: str, table: Table, source: str | None) -> Iterator[str]:
    """Return the lines about one table: none where nothing is missing."""
    counts = list(_ask(conn, _COUNTS, kept, table))
    if not counts:
        return
    fate = f"comes back with `kedja resync {source}`" if source else "cannot come back by itself"
    parts = ", ".join(_count(row) for row in counts)
    yield f"{table.name}: {parts}; {fate}"
    if not source:
        rows = list(_ask(conn, _EXAMPLES, kept, table))
        yield from (f"    {row.what} {' '.join(f'{k}={v}' for k, v in row.key.items())}" for row in rows)


def _erased(conn: Transaction, kept: str) -> Iterator[str]:
    """Return the lines about personal values that had been erased from the audit trail, and are back."""
    statement = compose.SQL(_ERASED).format(kept=compose.Identifier(kept))
    with conn.cursor() as cursor:
        cursor.execute(statement)
        rows: list[Any] = cursor.fetchall()
    if rows:
        yield f"audit trail: {len(rows)} erasures are undone; erase these again (kedja audit-trail forget)"
        yield from (f"    {row.resource} {row.resource_id}" for row in rows)


def _count(row: Any) -> str:
    """Say how many rows are gone, or are again as they were, and in which state they were."""
    if row.what == "gone":
        return f"{row.number} gone" + (f" ({row.was})" if row.was else "")
    return f"{row.number} older again" + (f" ({row.was}, now {row.now})" if row.was != row.now else "")


_LACKING = """
WITH lacking AS (
    SELECT CASE WHEN p.{first} IS NULL THEN 'gone' ELSE 'older' END AS what,
           coalesce(to_jsonb(b) ->> 'state', to_jsonb(b) ->> 'type') AS was,
           coalesce(to_jsonb(p) ->> 'state', to_jsonb(p) ->> 'type') AS now, {keys}
    FROM {kept}.{table} AS b LEFT JOIN public.{table} AS p ON {joined}
    WHERE p.{first} IS NULL OR {before}::text IS DISTINCT FROM {present}::text -- json has no equality
) """
_ERASED = """
SELECT resource, resource_id FROM public.trail_salt EXCEPT SELECT resource, resource_id FROM {kept}.trail_salt
ORDER BY 1, 2"""
_COUNTS = "SELECT what, was, now, count(*) AS number FROM lacking GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
_EXAMPLES = """
SELECT what, to_jsonb(l) - '{{what,was,now}}'::text[] AS key FROM lacking AS l
ORDER BY {order} LIMIT {examples}"""


def _ask(conn: Transaction, text: str, kept: str, table: Table) -> list[Any]:
    def columns(alias: str, names: list[str]) -> compose.Composed:
        return compose.SQL(", ").join(compose.Identifier(alias, name) for name in names)

    def row(alias: str, names: list[str]) -> compose.Composed:
        return compose.SQL("ROW({})").format(columns(alias, names))

    statement = compose.SQL(_LACKING + text).format(
        first=compose.Identifier(table.key[0]),
        keys=columns("b", table.key),
        kept=compose.Identifier(kept),
        table=compose.Identifier(table.name),
        joined=compose.SQL("{} = {}").format(row("b", table.key), row("p", table.key)),
        before=row("b", table.columns),
        present=row("p", table.columns),
        order=columns("l", table.key),
        examples=compose.Literal(EXAMPLES),
    )
    with conn.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _known(other: str, projection: Projection, dsn: str, versions: Mapping[str, int]) -> Iterator[str]:
    """Return the lines about what another service knows in a later version than the restored one gave."""
    subject = compose.SQL(", ").join(compose.Identifier(name) for name in projection.subject)
    text = "SELECT concat_ws('/', {subject}), version FROM {table} WHERE version > 0 ORDER BY {subject}"
    statement = compose.SQL(text).format(subject=subject, table=compose.Identifier(projection.table))
    with closing(connect(dsn)) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)
        later = [known for known, version in cursor if version > versions.get(known, 0)]
    if later:
        yield f"{other} knows {len(later)} of its subjects in a later version ({projection.table}):"
        yield from (f"    {name}" for name in later[:EXAMPLES])
