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
from chassis.events import PREFIX, UnreadableError
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

    @property
    def key(self) -> str:
        """Return what it is kept as: the event id, or where none can be read a hash of headers and body."""
        try:
            return str(UUID(self.headers.get(PREFIX + "id")))
        except (ValueError, TypeError, AttributeError):
            return self._digest

    @property
    def own_key(self) -> str:
        """Return what it is kept as where another message has the same id."""
        return f"{self.key}:{self._digest[:16]}"

    @property
    def _digest(self) -> str:
        return hashlib.sha256(_json(self.headers).encode() + b"\0" + self.body).hexdigest()

    @property
    def type(self) -> str | None:
        """Return the event type that the envelope claims."""
        claimed = self.headers.get(PREFIX + "type")
        return sql.storable(claimed[:100]) if isinstance(claimed, str) else None


def delay(attempts: int) -> float:
    """Return the seconds until the next try after so many failed ones."""
    return float(min(_FIRST_DELAY * _GROWTH ** (attempts - 1), _LONGEST_DELAY))


def record(tx: Transaction, queue: str, message: Message, fault: Exception) -> str:
    """Keep a message that failed: to be retried, or where that cannot help parked.

    Nothing that was received is lost: a message that shares its id with another one is kept beside it.
    """
    state = _state(fault, attempts=1)
    values = {
        "queue": queue,
        "type": message.type,
        "headers": _json(message.headers),
        "body": message.body,
        **_outcome(fault, state, attempts=1),
    }
    if not queries.record_failure(tx, event_key=message.key, **values):
        queries.record_failure(tx, event_key=message.own_key, **values)
    return state


def record_again(tx: Transaction, queue: str, event_key: str, fault: Exception, attempts: int) -> str:
    """Note that a retry has failed: there will be another, or it was the last and the event is parked."""
    state = _state(fault, attempts)
    queries.fail_again(tx, queue=queue, event_key=event_key, **_outcome(fault, state, attempts))
    return state


def _state(fault: Exception, attempts: int) -> str:
    over = attempts >= MAX_ATTEMPTS or isinstance(fault, UnreadableError) or hopeless(fault)
    return "parked" if over else "retry"


def _outcome(fault: Exception, state: str, attempts: int) -> dict[str, Any]:
    return {
        "state": state,
        "attempts": attempts,
        "delay": delay(attempts),
        "reason": sql.storable(f"{type(fault).__name__}: {fault}"[:2000]),
        "traceback": sql.storable("".join(traceback.format_exception(fault))[-20_000:]),
    }


def _json(headers: Mapping[str, Any]) -> str:
    """Return headers as JSON that PostgreSQL takes, whatever a foreign publisher put into them."""
    try:
        raw = orjson.dumps(dict(headers), default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS)
    except (TypeError, RecursionError):  # text that is none, or tables in tables without end
        raw = orjson.dumps({"unreadable": _outline.repr(headers)})
    return sql.without_nul(raw)
