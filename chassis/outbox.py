"""Emitting: events become rows in the caller's transaction; only the relay publishes them."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from chassis import clock, sql, turns
from chassis.errors import TooLarge
from chassis.events import LARGEST_BODY, PREFIX, SPECVERSION, Event, text_of
from chassis.ids import uuid7
from chassis.loading import acceptor, reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chassis.db import Transaction
    from chassis.events import EventSchema

queries: Any = sql.load(__file__, planned=("emit",))

_ID, _TIME, _SUBJECT, _VERSION, _CORRELATION, _CAUSATION, _RESYNC, _IMPORTED = (
    PREFIX + name
    for name in ("id", "time", "subject", "version", "correlationid", "causationid", "resync", "imported")
)


def emit(tx: Transaction, events: Sequence[Event]) -> list[UUID]:
    """Write the events to the outbox, in order, with the next versions of their subjects; return their ids.

    Raises marshmallow.ValidationError if an event's data breaks its own schema, errors.TooLarge or ValueError
    if no consumer would read it or no frame hold its headers: better here, where the transaction fails as a
    whole, than in every consumer.
    """
    if not events:
        return []
    rows, places = _rows(events, repeat({}), tx), Counter[str]()
    for row in rows:
        places[row["subject"]] += 1
        row["place"] = places[row["subject"]]
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
    marks = [{_VERSION: versions[event.subject], _RESYNC: True} for event in events]
    rows = _rows(events, marks, tx)
    tx.later(queries.insert_outbox, rows=sql.rows(rows))
    return _told(tx, rows)


def _told(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[UUID]:
    tx.wake("outbox")
    return [UUID(row["headers"][_ID]) for row in rows]


def _rows(
    events: Sequence[Event], marks: Iterable[Mapping[str, Any]], tx: Transaction
) -> list[dict[str, Any]]:
    time = clock.now().isoformat()
    return [_row(event, its, time, tx.correlation_id) for event, its in zip(events, marks, strict=False)]


def _row(event: Event, marks: Mapping[str, Any], time: str, correlation_id: str | None) -> dict[str, Any]:
    turns.passed()
    body = orjson.dumps(event.data, default=number)
    if len(body) > LARGEST_BODY:
        raise TooLarge(f"{event.schema.type} would have {len(body)} bytes, more than {LARGEST_BODY}.")
    if not acceptor(event.schema)(event.data):
        reader(event.schema)(orjson.loads(body))
    return {
        "type": event.schema.type,
        "subject": event.subject,
        "headers": _headers(event, marks, time, correlation_id),
        "body": body.decode(),
    }


def _headers(event: Event, marks: Mapping[str, Any], time: str, correlation_id: str | None) -> dict[str, Any]:
    event_id = str(uuid7())
    cause = event.cause
    correlation = event.correlation_id or (cause and cause.correlation_id) or correlation_id or event_id
    headers = {
        **_of_schema(event.schema),
        _ID: event_id,
        _TIME: time,
        _SUBJECT: text_of("subject", event.subject),
        _CORRELATION: text_of("correlationid", correlation),
        **marks,
    }
    if cause:
        headers[_CAUSATION] = str(cause.id)
    if event.imported:
        headers[_IMPORTED] = True
    return headers


@cache
def _of_schema(schema: type[EventSchema]) -> dict[str, Any]:
    """Return the attributes that all events of a type have alike."""
    source = f"/kedja/{source_of(schema)}"
    attributes = {
        "specversion": SPECVERSION,
        "source": source,
        "type": schema.type,
        "dataschema": f"{source}/{schema.type}",
    }
    return {PREFIX + name: value for name, value in attributes.items()}


def source_of(schema: type[EventSchema]) -> str:
    """Return the service that an event's schema belongs to: services.<name>.events."""
    return schema.__module__.split(".")[1]


def number(value: object) -> object:
    """Give a Decimal to JSON as the number it is; the rest as `sql.plain` does."""
    if hasattr(value, "as_tuple"):
        return float(value)  # type: ignore[arg-type]
    return sql.plain(value)
