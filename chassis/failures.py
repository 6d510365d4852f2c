"""Events that failed: kept with their reason in the consumer's own database, for a retry or a person."""

from __future__ import annotations

import hashlib
import reprlib
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from chassis import sql
from chassis.events import PREFIX
from chassis.faults import hopeless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.db import Transaction

queries: Any = sql.load(__file__)

# Retrying helps against what passes by itself; after about three hours a person has to look.
MAX_ATTEMPTS = 8
_FIRST_DELAY, _GROWTH, _LONGEST_DELAY = 1.0, 5.0, 3600.0

_outline = reprlib.Repr()
_outline.maxdict = _outline.maxlist = 100
_outline.maxstring = _outline.maxother = 2000


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came: what is kept when it cannot be handled."""

    headers: Mapping[str, Any]
    body: bytes
    kept_as: str | None = None

    @property
    def key(self) -> str:
        """Return what it is kept as: the event id, or where none can be read a hash of headers and body."""
        if self.kept_as is not None:
            return self.kept_as
        try:
            return str(UUID(self.headers.get(PREFIX + "id")))
        except (ValueError, TypeError, AttributeError):
            return hashlib.sha256(_json(self.headers).encode() + b"\0" + self.body).hexdigest()

    @property
    def type(self) -> str | None:
        """Return the event type that the envelope claims."""
        claimed = self.headers.get(PREFIX + "type")
        return sql.storable(claimed[:100]) if isinstance(claimed, str) else None


def delay(attempts: int) -> float:
    """Return the seconds until the next try after so many failed ones."""
    return float(min(_FIRST_DELAY * _GROWTH ** (attempts - 1), _LONGEST_DELAY))


def park(tx: Transaction, queue: str, message: Message, fault: Exception) -> None:
    """Keep a message that nobody can ever handle."""
    _record(tx, queue, message, fault, attempts=1, state="parked")


def record(tx: Transaction, queue: str, message: Message, fault: Exception, attempts: int) -> str:
    """Keep an event whose handler failed: to be retried, or after the last attempt parked."""
    state = "parked" if attempts >= MAX_ATTEMPTS or hopeless(fault) else "retry"
    _record(tx, queue, message, fault, attempts=attempts, state=state)
    return state


def _record(  # noqa: PLR0913  a row has this many facts
    tx: Transaction, queue: str, message: Message, fault: Exception, *, attempts: int, state: str
) -> None:
    queries.record_failure(
        tx,
        queue=queue,
        event_key=message.key,
        type=message.type,
        headers=_json(message.headers),
        body=message.body,
        state=state,
        attempts=attempts,
        delay=delay(attempts),
        reason=sql.storable(f"{type(fault).__name__}: {fault}"[:2000]),
        traceback=sql.storable("".join(traceback.format_exception(fault))[-20_000:]),
    )


def _json(headers: Mapping[str, Any]) -> str:
    """Return headers as JSON that PostgreSQL takes, whatever a foreign publisher put into them."""
    try:
        raw = orjson.dumps(dict(headers), default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    except (TypeError, RecursionError):  # text that is none, or tables in tables without end
        raw = orjson.dumps({"unreadable": _outline.repr(headers)})
    return sql.without_nul(raw)
