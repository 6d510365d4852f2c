"""Handling: what becomes of a queue's messages in the database of its service.

What is done here is done in one transaction each: it has happened as a whole, or it raises and nothing has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from chassis import failures, metrics, sql
from chassis.events import UnreadableError, parse
from chassis.failures import Message
from chassis.faults import Fault, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chassis.db import Database, Transaction
    from chassis.events import EventSlice, Received

    Handler = Callable[[Transaction, list[Received]], None]

log = structlog.get_logger()
queries: Any = sql.load(__file__, planned=("remember_events",))

# How long a retry that met the machinery's faults steps back, so that it does not starve the others.
_POSTPONE_SECONDS = {Fault.CONTENTION: 1.0, Fault.INFRASTRUCTURE: 15.0}


class Handling:
    """One queue's handler, its inbox and its failed events."""

    def __init__(
        self, queue: str, slices: Mapping[str, type[EventSlice]], handler: Handler, db: Database
    ) -> None:
        """Name the queue, the event types it may hold, and who handles them."""
        self.queue, self._slices, self._handler, self._db = queue, slices, handler, db

    def read(self, message: Message) -> Received:
        """Return the message's event; raises UnreadableError."""
        return parse(message.headers, message.body, self._slices)

    def handle(self, events: Sequence[Received]) -> None:
        """Give the handler what it has not handled before; raises what the handler or the database raises."""
        with self._db.transaction() as tx:
            first = self._hand_over(tx, events)
        metrics.batch_handled(self.queue, events, first)

    def set_aside(self, message: Message, fault: Exception) -> None:
        """Keep a message that failed: for a retry, or parked if that cannot help. Raises psycopg2.Error."""
        with self._db.transaction() as tx:
            state = failures.record(tx, self.queue, message, fault)
        self._note(message.key, message.type, fault, state)

    def retry_one(self) -> bool:
        """Retry the failed event that is due, if one is; inbox, handler and its removal are one.

        The machinery's faults cost no attempt: the row steps back, in a transaction of its own. What that
        raises, or the claim, is the database's absence.
        """
        claimed: list[Any] = []
        try:
            with self._db.transaction() as tx:
                row = queries.claim_due_failure(tx, queue=self.queue)
                if row is None:
                    return False
                claimed.append(row)
                done = self._retry(tx, row)
        except Exception as fault:
            if not claimed:
                raise
            self._postpone(claimed[0].event_key, fault)
        else:
            if done:
                metrics.batch_handled(self.queue, *done)
        return True

    def _retry(self, tx: Transaction, row: Any) -> tuple[list[Received], list[Received]] | None:
        """Return the event, and again if it was handled for the first time; None if it has failed again."""
        message = Message(row.headers, bytes(row.body))
        try:
            events = [self.read(message)]
            queries.begin_attempt(tx)
            first = self._hand_over(tx, events)
            queries.check_constraints(tx)
            queries.forget_failure(tx, queue=self.queue, event_key=row.event_key)
        except Exception as fault:  # noqa: BLE001  the handler's faults are data here
            self._retry_failed(tx, message, row, fault)
            return None
        return events, first

    def _retry_failed(self, tx: Transaction, message: Message, row: Any, fault: Exception) -> None:
        if classify(fault) is not Fault.EVENT:
            raise fault
        if not isinstance(fault, UnreadableError):
            tx.forget_later()
            queries.end_attempt(tx)
        state = failures.record_again(tx, self.queue, row.event_key, fault, row.attempts + 1)
        self._note(row.event_key, message.type, fault, state)

    def _postpone(self, event_key: str, fault: Exception) -> None:
        kind = Fault.CONTENTION if classify(fault) is Fault.CONTENTION else Fault.INFRASTRUCTURE
        log.warning("retry_postponed", queue=self.queue, event_id=event_key, reason=repr(fault)[:300])
        metrics.REDONE.labels(self.queue, kind.name.lower()).inc()
        with self._db.transaction() as tx:
            queries.postpone_failure(tx, queue=self.queue, event_key=event_key, delay=_POSTPONE_SECONDS[kind])

    def _hand_over(self, tx: Transaction, events: Sequence[Received]) -> list[Received]:
        """Give the handler the events that this queue has not handled before, and return those.

        What was kept of them while they failed goes with it.
        """
        by_id = {event.id: event for event in events}
        found = queries.remember_events(tx, queue=self.queue, ids=sql.array(sorted(by_id)))
        known = set(found.known)
        first = [event for event in by_id.values() if event.id not in known]
        if first:
            self._handler(tx, first)
            if found.some_failed:
                self._forget(tx, sorted(str(event.id) for event in first))
        return first

    def _forget(self, tx: Transaction, ids: list[str]) -> None:
        if queries.forget_handled(tx, queue=self.queue, ids=ids):
            queries.forget_namesakes(tx, queue=self.queue, ids=ids)

    def _note(self, key: str, claimed: str | None, fault: Exception, state: str) -> None:
        known = claimed if claimed in self._slices else "unknown"
        metrics.HANDLED.labels(self.queue, known, state).inc()
        log.error("event_failed", queue=self.queue, event_id=key, state=state, reason=repr(fault)[:300])


def message_of(delivered: Any) -> Message:
    """Return a delivery as it was published: a redelivery's count is not the message's own."""
    headers = delivered.properties.get("application_headers")
    named = headers.items() if isinstance(headers, dict) else ()
    texts = ((name if isinstance(name, str) else repr(name), value) for name, value in named)
    body = delivered.body if isinstance(delivered.body, bytes) else str(delivered.body).encode()
    return Message({name: value for name, value in texts if name != "x-delivery-count"}, body)
