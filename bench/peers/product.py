"""The steps with the product's own business: its use cases, its SQL, its tables, one message at a time.

What is told is checked against its schema, as the product does, and goes back to the stack, which publishes it
after the commit (or keeps it in its own outbox).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from bench.peers.messages import Message, following
from chassis import clock, db, outbox
from chassis.events import Received
from chassis.loading import acceptor, reader
from services.audits import events as audits_events
from services.audits import usecases as audits
from services.notifications import events as notifications_events
from services.notifications import usecases as notifications
from services.suppliers import events as suppliers_events
from services.suppliers import usecases as suppliers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chassis.db import Transaction
    from chassis.events import Event, EventSlice

# The product's events, under the names that the stacks' queues have; the rest, which nobody hears of here, the product
# publishes and the peers are spared.
_TOLD_AS = {"supplier_risk_rescored": "score_changed", "audit_confirmed": "audit_planned"}


def connect(dsn: str) -> Transaction:
    """Open a connection as the use cases want it."""
    return db.connect(dsn)


def _collect(tx: Any, events: Sequence[Event]) -> None:
    tx.told = [*getattr(tx, "told", ()), *events]


outbox.emit = _collect  # type: ignore[assignment]  in the peers' processes: their stacks publish


def _step(slice_: type[EventSlice], handle: Callable[[Transaction, list[Received]], None]) -> Any:
    read = reader(slice_)

    def step(tx: Any, message: Message) -> list[Message]:
        tx.told = []
        handle(tx, [_received(slice_.type, message, read(message["data"]))])
        return [_message(message, event) for event in tx.told if event.schema.type in _TOLD_AS]

    return step


def _received(event_type: str, message: Message, data: dict[str, Any]) -> Received:
    time = datetime.fromisoformat(message["time"])
    return Received(
        id=UUID(message["id"]),
        type=event_type,
        source="/bench",
        time=time,
        subject=message["subject"],
        version=int(time.timestamp() * 1e6),  # who counts none takes the clock
        correlation_id=message["correlation_id"],
        causation_id=message["cause"],
        data=data,
    )


def _message(cause: Message, event: Event) -> Message:
    data = orjson.loads(orjson.dumps(event.data, default=outbox.number))
    if not acceptor(event.schema)(event.data):
        reader(event.schema)(data)
    return following(cause, _TOLD_AS[event.schema.type], event.subject, data)


STEPS = {
    "scores": _step(
        suppliers_events.AssessmentCompleted,
        lambda tx, batch: suppliers.scoring.rescore_after_assessment(tx, batch, clock.now()),
    ),
    "plans": _step(
        audits_events.SupplierRiskRescored,
        lambda tx, batch: audits.decide_after_rescoring(tx, batch, 0, clock.now()),
    ),
    "notes": _step(
        notifications_events.AuditConfirmed,
        lambda tx, batch: notifications.take_note(tx, batch, clock.now()),
    ),
}
