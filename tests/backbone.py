"""Making and reading events in tests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from chassis import clock, outbox
from chassis.events import PREFIX, Received, parse
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg2.extensions import connection

    from chassis.db import Transaction
    from chassis.events import EventSlice

T = TypeVar("T")

# Only who waits for the asking session: other tests run beside this one, on the same server
WAITERS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"

# Tables and those whose rows refer to theirs, these first
_WITH_REFERRING = """
WITH RECURSIVE found AS (
    SELECT name::regclass AS of, 0 AS depth FROM unnest(%s) AS name
    UNION
    SELECT c.conrelid::regclass, depth + 1 FROM found JOIN pg_constraint AS c ON c.confrelid = of
    WHERE c.contype = 'f' AND c.conrelid <> c.confrelid
)
SELECT of::text FROM found GROUP BY of ORDER BY max(depth) DESC"""


def empty(tx: connection, *tables: str) -> None:
    """Take out all rows, and those that refer to them; of few rows far quicker than TRUNCATE."""
    with tx.cursor() as cursor:
        cursor.execute(_WITH_REFERRING, [list(tables)])
        for [table] in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  our own table names


def emitted(tx: Transaction) -> list[dict[str, Any]]:
    """Return the outbox's events in order."""
    with tx.cursor() as cursor:
        cursor.execute("SELECT type, headers, body FROM outbox ORDER BY id")
        return [
            {
                "type": row.type,
                "subject": row.headers[PREFIX + "subject"],
                "version": row.headers[PREFIX + "version"],
                "data": orjson.loads(row.body),
            }
            for row in cursor.fetchall()
        ]


def headers(event_type: str, **envelope: Any) -> dict[str, Any]:
    """Return a whole envelope; `envelope` overrides its attributes, None leaves one out."""
    attributes = {
        "specversion": "1.0",
        "id": str(uuid7()),
        "source": "/kedja/test",
        "type": event_type,
        "time": clock.now().isoformat(),
        "subject": "test",
        "version": 1,
        "correlationid": str(uuid7()),
    } | envelope
    return {PREFIX + name: value for name, value in attributes.items() if value is not None}


def body(data: object) -> bytes:
    """Return data as a message's body."""
    return orjson.dumps(data, default=outbox.number)


def received(schema: type[EventSlice], data: dict[str, Any], **envelope: Any) -> Received:
    """Return an event as a consumer gets it: through the envelope and the schema."""
    text = {"id", "correlation_id", "causation_id"}
    attributes = {n.replace("_", ""): str(v) if n in text else v for n, v in envelope.items()}
    return parse(headers(schema.type, **attributes), body(data), {schema.type: schema})


def others_wait(tx: Transaction) -> bool:
    """Tell whether somebody waits for a lock that this transaction holds."""
    with tx.cursor() as cursor:
        cursor.execute(WAITERS)
        [number] = cursor.fetchone() or [0]
    return bool(number)


def wait_until(condition: Callable[[], T], seconds: float = 60) -> T:
    """Return what `condition` returns once it is true; fail after so many seconds.

    So many that a slow machine fails nothing: how long something may take is asked by tests about that.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s: {condition}")
        time.sleep(0.05)
    return value
