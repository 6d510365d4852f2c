"""Emitting: events become rows in the caller's transaction; only the relay publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from chassis import clock, sql, turns
from chassis.errors import TooLarge
from chassis.events import LARGEST_BODY, PREFIX, SPECVERSION, Event, text_of
from chassis.ids import uuid7
from chassis.loading import reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.db import Transaction

queries: Any = sql.load(__file__, planned=("emit",))


def emit(tx: Transaction, events: Sequence[Event]) -> list[UUID]:
    """Write the events to the outbox, in order, with the next versions of their subjects; return their ids.

    Raises marshmallow.ValidationError if an event's data breaks its own schema, errors.TooLarge or ValueError
    if no consumer would read it or no frame hold its headers: better here, where the transaction fails as a
    whole, than in every consumer.
    """
    if not events:
        return []
    rows = [{"subject": event.subject, **_row(event, {}, tx.correlation_id)} for event in events]
    tx.later(queries.emit, rows=sql.rows(rows))
    return _told(tx, rows)


def restate(tx: Transaction, events: Sequence[Event]) -> list[UUID]:
    """Tell again what is: marked `resync`, under each subject's present version, which stays as it is.

    The events and their versions must be of one snapshot (REPEATABLE READ): an older state under a newer
    version would win over that version's own.
    """
    if not events:
        return []
    subjects = [event.subject for event in events]
    versions = {row.subject: row.version for row in queries.present_versions(tx, subjects=subjects)}
    untold = [{"subject": subject, "version": 1} for subject, version in versions.items() if not version]
    versions |= {row.subject: row.version for row in queries.raise_versions(tx, rows=sql.rows(untold))}
    rows = [
        _row(event, {"version": versions[event.subject], "resync": True}, tx.correlation_id)
        for event in events
    ]
    tx.later(queries.insert_outbox, rows=sql.rows(rows))
    return _told(tx, rows)


def _told(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[UUID]:
    tx.wake("outbox")
    return [UUID(row["headers"][PREFIX + "id"]) for row in rows]


def _row(event: Event, marks: dict[str, Any], correlation_id: str | None) -> dict[str, Any]:
    turns.passed()
    body = orjson.dumps(event.data, default=number)
    if len(body) > LARGEST_BODY:
        raise TooLarge(f"{event.schema.type} would have {len(body)} bytes, more than {LARGEST_BODY}.")
    reader(event.schema)(orjson.loads(body))
    return {
        "type": event.schema.type,
        "headers": _headers(event, marks, correlation_id),
        "body": body.decode(),
    }


def _headers(event: Event, marks: dict[str, Any], correlation_id: str | None) -> dict[str, Any]:
    event_id = str(uuid7())
    cause = event.cause
    correlation = event.correlation_id or (cause and cause.correlation_id) or correlation_id or event_id
    attributes = {
        "specversion": SPECVERSION,
        "id": event_id,
        "source": f"/kedja/{source_of(event)}",
        "type": event.schema.type,
        "time": clock.now().isoformat(),
        "subject": text_of("subject", event.subject),
        "dataschema": f"/kedja/{source_of(event)}/{event.schema.type}",
        **marks,
        "correlationid": text_of("correlationid", correlation),
        "causationid": str(cause.id) if cause else None,
        "imported": True if event.imported else None,
    }
    return {PREFIX + name: value for name, value in attributes.items() if value is not None}


def source_of(event: Event) -> str:
    """Return the service that an event's schema belongs to: services.<name>.events."""
    return event.schema.__module__.split(".")[1]


def number(value: object) -> object:
    """Give a Decimal to JSON as the number it is; the rest as `sql.plain` does."""
    if hasattr(value, "as_tuple"):
        return float(value)  # type: ignore[arg-type]
    return sql.plain(value)
