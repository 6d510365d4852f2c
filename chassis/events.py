"""Events: what a service emits and reads, and the CloudEvents envelope that carries it over AMQP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import orjson
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError

from chassis import sql
from chassis.fields import in_utc
from chassis.loading import reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "cloudEvents_"
# Bytes. Reading so much takes a fifth of a second, in which a process does nothing else.
LARGEST_BODY = 1_000_000
_LARGEST_VERSION = 2**63 - 1  # a bigint
LONGEST_ATTRIBUTE = 255  # characters; all of an envelope fits into a frame then
SPECVERSION = "1.0"
REQUIRED = ("specversion", "id", "source", "type", "time", "subject", "version", "correlationid")
_REQUIRED = tuple(PREFIX + name for name in REQUIRED)
_SPECVERSION, _ID, _SOURCE, _TYPE, _TIME, _SUBJECT, _VERSION, _CORRELATION = _REQUIRED
_CAUSATION, _RESYNC, _IMPORTED = (PREFIX + name for name in ("causationid", "resync", "imported"))


class EventSchema(Schema):
    """An event that a service emits, whole: what it does not declare may not be sent."""

    type: ClassVar[str]

    class Meta:
        """Unknown fields are our own mistake."""

        unknown = RAISE


class EventSlice(Schema):
    """The fields of another service's event that a consumer reads; it ignores the rest."""

    type: ClassVar[str]

    class Meta:
        """Producers add fields without asking."""

        unknown = EXCLUDE


class SlicePart(Schema):
    """An item in a list of a slice."""

    class Meta:
        """Producers add fields to it without asking, too."""

        unknown = EXCLUDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event to emit: `data` holds plain Python values that `schema` accepts."""

    schema: type[EventSchema]
    subject: str
    data: Mapping[str, Any]
    cause: Received | None = None
    correlation_id: str | None = None
    imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An event that has arrived, checked: `data` is what the consumer's slice loaded."""

    id: UUID
    type: str
    source: str
    time: datetime
    subject: str
    version: int
    correlation_id: str
    causation_id: str | None = None
    resync: bool = False
    imported: bool = False
    data: dict[str, Any]

    @property
    def quiet(self) -> bool:
        """Tell whether reactions must keep still: it repeats what is, or reports what was."""
        return self.resync or self.imported


class UnreadableError(Exception):
    """The message can never be handled, whoever tries: it is parked at once, with this reason."""


def newest(batch: Iterable[Received]) -> list[Received]:
    """Return the newest version per (source, subject), sorted: what a projection is upserted from."""
    latest: dict[tuple[str, str], Received] = {}
    for event in batch:
        key = (event.source, event.subject)
        if key not in latest or latest[key].version < event.version:
            latest[key] = event
    return [latest[key] for key in sorted(latest)]


def parse(headers: Mapping[str, Any], body: bytes, slices: Mapping[str, type[EventSlice]]) -> Received:
    """Read a message of one of the types in `slices`; raise UnreadableError with a reason for people."""
    missing = [name for name in _REQUIRED if headers.get(name) in (None, "")]
    if missing:
        raise UnreadableError(f"the envelope lacks {', '.join(missing)}")
    claimed = headers[_TYPE]
    known = slices.get(claimed) if isinstance(claimed, str) else None
    if known is None:
        raise UnreadableError(f"this queue knows no event type {claimed!r:.100}")
    return _received(headers, _load(body, known))


def _load(body: bytes, schema: type[EventSlice]) -> dict[str, Any]:
    if len(body) > LARGEST_BODY:
        raise UnreadableError(f"the body has {len(body)} bytes, more than {LARGEST_BODY}")
    if sql.has_nul(body):
        raise UnreadableError("the body contains U+0000, which cannot be stored")
    try:
        data: dict[str, Any] = reader(schema)(orjson.loads(body))
    except orjson.JSONDecodeError as fault:
        raise UnreadableError(f"the body is not JSON: {fault}") from None
    except ValidationError as fault:
        raise UnreadableError(f"the body breaks {schema.__name__}: {fault.messages}"[:2000]) from None
    except Exception as fault:  # noqa: BLE001  what no schema foresaw must not stop the queue behind it
        raise UnreadableError(f"the body cannot be read as {schema.__name__}: {fault!r}"[:2000]) from None
    return data


def _received(headers: Mapping[str, Any], data: dict[str, Any]) -> Received:
    causation = headers.get(_CAUSATION)
    try:
        _supported(headers[_SPECVERSION])
        return Received(
            id=UUID(headers[_ID]),
            type=headers[_TYPE],
            source=text_of("source", headers[_SOURCE]),
            time=_aware(headers[_TIME]),
            subject=text_of("subject", headers[_SUBJECT]),
            version=_version(headers[_VERSION]),
            correlation_id=text_of("correlationid", headers[_CORRELATION]),
            causation_id=text_of("causationid", causation) if causation else None,
            resync=_true(headers.get(_RESYNC)),
            imported=_true(headers.get(_IMPORTED)),
            data=data,
        )
    except (ValueError, TypeError, AttributeError, OverflowError) as fault:
        raise UnreadableError(f"an attribute of the envelope is malformed: {fault}") from None


def text_of(name: str, value: object) -> str:
    """Return an attribute that can be stored and published; raises ValueError or TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    if not value.isascii():
        value.encode()  # half a surrogate pair is no text
    if "\0" in value:
        raise ValueError("U+0000 cannot be stored")
    if len(value) > LONGEST_ATTRIBUTE:
        raise ValueError(f"{name} has {len(value)} characters, more than {LONGEST_ATTRIBUTE}")
    return value


def _supported(specversion: object) -> None:
    if specversion != SPECVERSION:
        raise ValueError(f"specversion is {specversion!r:.20}, not {SPECVERSION}")


def _version(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError("version is no whole number")
    version = int(value)
    if not 0 < version <= _LARGEST_VERSION:
        raise ValueError("version must count from 1")
    return version


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("time lacks its offset")
    return in_utc(moment)


def _true(value: object) -> bool:
    return value is True or value == "true"
