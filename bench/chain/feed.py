"""Completed self-assessments, and how they come before the first stage as fast as the broker takes them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import amqp
import orjson

from chassis import broker
from chassis.events import PREFIX
from chassis.ids import uuid7
from chassis.relay import Confirms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.suppliers.domain import Key

_ROWS, _COLUMNS = 7, 4
_VALID = timedelta(days=365)
_PERSISTENT = 2
_KINDS = 8  # the countries of the product's cases repeat after so many
_PIECE, _AHEAD = 200, 2000  # messages


class Raw(NamedTuple):
    """A message as it stands in a queue."""

    body: bytes
    properties: dict[str, Any]


def assessments(keys: Sequence[Key], seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield a completed and reviewed self-assessment of each case: the data of `assessment_completed`."""
    chance = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
    now = datetime.now(UTC)
    for supplier_id, category_id in keys:
        claimed = [[chance.randrange(0, 3000) / 100 for _ in range(_COLUMNS)] for _ in range(_ROWS)]
        judged = [[max(0, cell - 5) if chance.random() < 0.8 else None for cell in row] for row in claimed]
        yield {
            "assessment_id": str(uuid7()),
            "supplier_id": str(supplier_id),
            "category_id": category_id,
            "year": now.year,
            "state": "completed",
            "stage": "reviewed",
            "claimed": claimed,
            "judged": judged,
            "completeness": 100,
            "critical": [],
            "severe_reported": False,
            "recommendation": "none",
            "completed_at": now.isoformat(),
            "valid_until": (now + _VALID).isoformat(),
            "since": now.isoformat(),
        }


def keys_of(count: int, cases: int) -> list[Key]:
    """Return the keys of so many of the cases, from all over the tables; the same in every run."""
    step = cases // count
    numbers = (number * step + number % min(step, _KINDS) for number in range(count))
    return [(UUID(int=(0x7000 << 64) + (0x8 << 60) + number), "bench") for number in numbers]


def take_all(channel: Any, queue: str, count: int) -> list[Raw]:
    """Take what was produced out of a queue, as it stands there; raises UnfairError unless it is as many."""
    found = []
    while (message := channel.basic_get(queue, no_ack=True)) is not None:
        properties = {**message.properties, "delivery_mode": _PERSISTENT}
        found.append(Raw(message.body, properties))
    if len(found) != count:
        raise UnfairError(f"{queue} holds {len(found)} messages, not {count}")
    return found


class UnfairError(Exception):
    """What was measured is not what was to be measured; the message says what happened."""


class Feed:
    """Messages in a queue's own bytes, ready to be sent."""

    def __init__(self, channel: Any, queue: str, messages: Sequence[Raw]) -> None:
        """Write them down, as the connection would send them."""
        # a channel of its own, on which delivery tags count from 1
        self._channel, self._messages = channel.connection.channel(), messages
        self._channel.confirm_select()
        self._frames: list[bytes] = []  # a message each
        transport = channel.connection.transport
        written = bytearray()
        write, transport._write = transport._write, written.extend
        try:
            for raw in messages:
                message = amqp.Message(raw.body, **_plain(raw.properties))
                where = (0, "", queue, False, False)
                self._channel.send_method(amqp.spec.Basic.Publish, "Bssbb", where, message)
                self._frames.append(bytes(written))
                written.clear()
        finally:
            transport._write = write

    def send(self) -> None:
        """Send all, as many ahead of the broker's confirmations as it stands, and wait until it has all."""
        confirms = Confirms(self._messages, 1)
        self._channel.events["basic_ack"] = {confirms.acked}
        for start in range(0, len(self._frames), _PIECE):
            while len(confirms.waiting) > len(self._messages) - start + _AHEAD:
                broker.tick(self._channel, 10)
            self._channel.connection.transport._write(b"".join(self._frames[start : start + _PIECE]))
        while confirms.waiting:
            broker.tick(self._channel, 10)
        self._channel.close()


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    headers = properties.get("application_headers") or {}
    return {**properties, "application_headers": dict(headers)}


def envelope(event_type: str, data: dict[str, Any], source: str) -> Raw:
    """Return what our relay would publish of an event."""
    subject = f"{data['supplier_id']}/{data['category_id']}"
    event_id = str(uuid7())
    attributes = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/kedja/{source}",
        "type": event_type,
        "time": datetime.now(UTC).isoformat(),
        "subject": subject,
        "dataschema": f"/kedja/{source}/{event_type}",
        "version": 1,
        "correlationid": event_id,
    }
    properties = {
        "content_type": "application/json",
        "delivery_mode": _PERSISTENT,
        "message_id": event_id,
        "type": event_type,
        "application_headers": {PREFIX + name: value for name, value in attributes.items()},
    }
    return Raw(orjson.dumps(data), properties)


def line(item: dict[str, Any]) -> str:
    """Return an object as a line of a file."""
    return orjson.dumps(item).decode() + "\n"
