"""Handling: what becomes of a queue's messages in the database of its service.

What is done here is done in one transaction each: it has happened as a whole, or it raises and nothing has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from psycopg2.errors import UniqueViolation

from chassis import failures, metrics, sql
from chassis.events import UnreadableError, parse
from chassis.failures import Message
from chassis.faults import Fault, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from chassis.db import Database, Transaction
    from chassis.events import EventSlice, Received

    Handler = Callable[[Transaction, list[Received]], None]

log = structlog.get_logger()
queries: Any = sql.load(__file__, planned=("remember_new_events", "remember_events", "forget_handled"))

# How long a retry that met the machinery's faults steps back, so that it does not starve the others.
_POSTPONE_SECONDS = {Fault.CONTENTION: 1.0, Fault.INFRASTRUCTURE: 15.0}


class Handling:
    """One queue's handler, its inbox and its failed events."""

    def __init__(
        self, queue: str, slices: Mapping[str, type[EventSlice]], handler: Handler, db: Database
    ) -> None:
        """Name the queue, the event types it may hold, and who handles them."""
        self.queue, self._slices, self._handler, self._db = queue, slices, handler, db
        self._known_may_come = True

    def expect_known(self) -> None:
        """Ask which events are known before the handler sees any: after a new start some come again."""
        self._known_may_come = True

    def read(self, message: Message) -> Received:
        """Return the message's event; raises UnreadableError."""
        return parse(message.headers, message.body, self._slices)

    def handle(self, events: Sequence[Received]) -> None:
        """Give the handler what it has not handled before; raises what the handler or the database raises.

        As a rule that is all of it. Then nobody is asked: the inbox refuses what it knows, together with what
        the handler has written, and the events are gone through again, without those (decision 0014).
        """
        if not self._known_may_come:
            try:
                self._handle(events, self._hand_over_all)
            except UniqueViolation as fault:
                if fault.diag.table_name != "inbox":
                    raise
                self._known_may_come = True  # also if what follows fails
            else:
                return
        first = self._handle(events, self._hand_over)
        self._known_may_come = len(first) < len(events)

    def handle_alone(self, event: Received) -> None:
        """Give the handler an event that may be one it could not handle, unless it has handled it before."""
        self._handle([event], self._hand_over)

    def _handle(
        self,
        events: Sequence[Received],
        hand_over: Callable[[Transaction, Mapping[UUID, Received]], list[Received]],
    ) -> list[Received]:
        with self._db.transaction() as tx:
            first = hand_over(tx, {event.id: event for event in events})
        metrics.batch_handled(self.queue, events, first)
        return first

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
            first = self._hand_over(tx, {event.id: event for event in events})
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

    def _hand_over_all(self, tx: Transaction, by_id: Mapping[UUID, Received]) -> list[Received]:
        """Give the handler the events; the transaction fails if this queue has handled one of them before."""
        ids = sql.array(sorted(by_id))
        tx.later(queries.remember_new_events, queue=self.queue, ids=ids)
        return self._give(tx, list(by_id.values()), ids)

    def _hand_over(self, tx: Transaction, by_id: Mapping[UUID, Received]) -> list[Received]:
        """Give the handler the events that this queue has not handled before, and return those."""
        known = set(queries.remember_events(tx, queue=self.queue, ids=sql.array(sorted(by_id))))
        first = {key: event for key, event in by_id.items() if key not in known}
        return self._give(tx, list(first.values()), sql.array(sorted(first))) if first else []

    def _give(self, tx: Transaction, events: list[Received], ids: str) -> list[Received]:
        """What was kept of the events while they failed goes with their handling."""
        self._handler(tx, events)
        tx.later(queries.forget_handled, queue=self.queue, ids=ids)
        return events

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
