"""Consuming: a batch is what is there, handled in one transaction, acknowledged after its commit."""

from __future__ import annotations

import random
import select
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from chassis import broker, failures, metrics, sql
from chassis.events import UnreadableError, parse
from chassis.failures import Message
from chassis.faults import BROKER_ERRORS, Fault, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chassis.db import Database, Transaction
    from chassis.events import EventSlice, Received

    Handler = Callable[[Transaction, list[Received]], None]

log = structlog.get_logger()
queries: Any = sql.load(__file__)

BATCH = 500
_TICK_SECONDS = 0.5
_LONGEST_BACKOFF = 5.0
# Long before the broker's own consumer timeout (30 minutes) unfinished messages go back to the queue.
_GIVE_BACK_SECONDS = 300.0
_CONTENTION_ATTEMPTS = 5

# A message and the event that was read from it
Pair = tuple[Message, "Received"]


class GivenBackError(Exception):
    """The batch could not be finished in time, or the service stops: the broker hands it out again."""


class Consumer:
    """Reads one queue until it is stopped; survives the broker's and the database's absence."""

    def __init__(
        self,
        queue: str,
        slices: Mapping[str, type[EventSlice]],
        handler: Handler,
        db: Database,
        amqp_url: str,
    ) -> None:
        """Name the queue, the event types it may hold, and who handles them."""
        self.queue, self._slices, self._handler = queue, slices, handler
        self._db, self._amqp_url = db, amqp_url
        self._stopping = threading.Event()
        self._arrived: list[Any] = []
        self._channel: Any = None
        self._deadline = 0.0
        self.connected = False

    def stop(self) -> None:
        """Let the running batch finish, then leave `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Consume until stopped, connecting anew whenever the connection is lost."""
        pause = 0.1
        while not self._stopping.is_set():
            try:
                with broker.channel(self._amqp_url) as self._channel:
                    self._subscribe()
                    pause = 0.1
                    self._consume()
            except (*BROKER_ERRORS, GivenBackError) as fault:
                log.warning("consumer_disconnected", queue=self.queue, reason=repr(fault)[:300])
                metrics.DISCONNECTED.labels(self.queue, "broker").inc()
            self.connected = False
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_BACKOFF)

    def _subscribe(self) -> None:
        self._arrived = []
        self._channel.basic_qos(0, BATCH, False)
        self._channel.basic_consume(self.queue, callback=self._arrived.append)
        self.connected = True

    def _consume(self) -> None:
        while not self._stopping.is_set():
            self._fill()
            if self._arrived:
                arrived = self._arrived[:BATCH]
                self.process([Message(_headers(m), _body(m)) for m in arrived])
                self._channel.basic_ack(arrived[-1].delivery_tag, multiple=True)
                del self._arrived[: len(arrived)]  # more may have arrived while it was handled

    def _fill(self) -> None:
        """Take what the socket has, without waiting for more once something is there."""
        if not self._arrived and not broker.tick(self._channel, _TICK_SECONDS):
            return
        sock = self._channel.connection.transport.sock
        while len(self._arrived) < BATCH and select.select([sock], [], [], 0)[0]:
            broker.tick(self._channel, _TICK_SECONDS)

    def process(self, messages: Sequence[Message]) -> None:
        """Bring every message to its end: handled, known already, set aside for retry, or parked."""
        self._deadline = time.monotonic() + _GIVE_BACK_SECONDS
        pairs, unreadable = self._read(messages)
        for message, fault in unreadable:
            self._breathe()
            self._patiently(partial(self._park, message, fault))
        if pairs:
            with metrics.HANDLE_SECONDS.labels(self.queue).time():
                self._handle(pairs)

    def retry_one(self) -> bool:
        """Retry this queue's failed event that is due, if one is; inbox, handler and its removal are one."""
        with self._db.transaction() as tx:
            row = queries.claim_due_failure(tx, queues=[self.queue])
            if row is None:
                return False
            message = Message(row.headers, bytes(row.body), kept_as=row.event_key)
            try:
                event = parse(message.headers, message.body, self._slices)
                with tx.cursor() as cursor:
                    cursor.execute("SAVEPOINT attempt")
                first = self._hand_over(tx, [event])
                queries.check_constraints(tx)
                queries.forget_failure(tx, queue=self.queue, event_key=row.event_key)
            except Exception as fault:  # noqa: BLE001  the handler's faults are data here
                self._retry_failed(tx, message, fault, row.attempts + 1)
                return True
        metrics.batch_handled(self.queue, first, duplicates=1 - len(first))
        return True

    def _retry_failed(self, tx: Transaction, message: Message, fault: Exception, attempts: int) -> None:
        if classify(fault) is not Fault.EVENT:
            raise fault
        if isinstance(fault, UnreadableError):
            failures.park(tx, self.queue, message, fault)
            self._note(message, fault, "parked")
            return
        with tx.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT attempt")
        self._note(message, fault, failures.record(tx, self.queue, message, fault, attempts))

    def _read(self, messages: Sequence[Message]) -> tuple[list[Pair], list[tuple[Message, UnreadableError]]]:
        pairs, unreadable = [], []
        for message in messages:
            try:
                pairs.append((message, parse(message.headers, message.body, self._slices)))
            except UnreadableError as fault:
                unreadable.append((message, fault))
        return pairs, unreadable

    def _handle(self, pairs: list[Pair]) -> None:
        """Handle the batch; if an event in it is poisonous, redo it one by one: it harms only itself."""
        try:
            self._patiently(partial(self._transact, pairs), _CONTENTION_ATTEMPTS)
        except GivenBackError:
            raise
        except Exception:  # noqa: BLE001  the handler's faults are data here
            for pair in pairs:
                self._handle_one(pair)

    def _handle_one(self, pair: Pair) -> None:
        self._breathe()
        try:
            self._patiently(partial(self._transact, [pair]))
        except GivenBackError:
            raise
        except Exception as fault:  # noqa: BLE001  the handler's faults are data here
            self._set_aside(pair[0], fault)

    def _transact(self, pairs: list[Pair]) -> None:
        events = [event for _, event in pairs]
        with self._db.transaction() as tx:
            first = self._hand_over(tx, events)
        metrics.batch_handled(self.queue, first, duplicates=len(events) - len(first))

    def _hand_over(self, tx: Transaction, events: list[Received]) -> list[Received]:
        """Give the handler the events that this queue has not handled before, and return those."""
        by_id = {event.id: event for event in events}
        fresh = {row.event_id for row in queries.remember_events(tx, queue=self.queue, ids=sorted(by_id))}
        first = [event for event in by_id.values() if event.id in fresh]
        if first:
            self._handler(tx, first)
        return first

    def _set_aside(self, message: Message, fault: Exception) -> None:
        self._patiently(partial(self._record, message, fault))

    def _record(self, message: Message, fault: Exception) -> None:
        with self._db.transaction() as tx:
            state = failures.record(tx, self.queue, message, fault, attempts=1)
        self._note(message, fault, state)

    def _park(self, message: Message, fault: UnreadableError) -> None:
        with self._db.transaction() as tx:
            failures.park(tx, self.queue, message, fault)
        self._note(message, fault, "parked")

    def _note(self, message: Message, fault: Exception, state: str) -> None:
        known = message.type if message.type in self._slices else "unknown"
        metrics.HANDLED.labels(self.queue, known, state).inc()
        log.error(
            "event_failed", queue=self.queue, event_id=message.key, state=state, reason=repr(fault)[:300]
        )

    def _patiently(self, work: Callable[[], None], contention_attempts: int | None = None) -> None:
        """Redo `work` while the machinery fails; let the event's own faults through.

        With `contention_attempts`, so many lost fights with other transactions count as a fault of the batch.
        """
        pause, contended = 0.05, 0
        while True:
            try:
                work()
            except Exception as fault:
                kind = classify(fault)
                contended += kind is Fault.CONTENTION
                if kind is Fault.EVENT or contended == contention_attempts:
                    raise
                log.warning("batch_redone", queue=self.queue, reason=repr(fault)[:300])
                metrics.REDONE.labels(self.queue, kind.name.lower()).inc()
            else:
                return
            self._back_off(pause)
            pause = min(pause * 2, _LONGEST_BACKOFF)

    def _back_off(self, pause: float) -> None:
        until = time.monotonic() + pause * random.uniform(0.5, 1)  # noqa: S311  spreads replicas, guards nothing
        while (left := until - time.monotonic()) > 0:
            self._breathe(min(left, _TICK_SECONDS))

    def _breathe(self, seconds: float = 0.001) -> None:
        """Keep the heartbeats going; give the batch back if it has lasted too long or the service stops."""
        if self._stopping.is_set() or time.monotonic() > self._deadline:
            raise GivenBackError("the batch goes back to the queue")
        try:
            broker.tick(self._channel, seconds)
        except BROKER_ERRORS as fault:
            raise GivenBackError("the broker is gone and hands the batch out again") from fault


def _headers(message: Any) -> Mapping[str, Any]:
    """Return the headers as they were published: a redelivery's count is not the message's own."""
    headers = message.properties.get("application_headers")
    named = headers.items() if isinstance(headers, dict) else ()
    texts = ((name if isinstance(name, str) else repr(name), value) for name, value in named)
    return {name: value for name, value in texts if name != "x-delivery-count"}


def _body(message: Any) -> bytes:
    return message.body if isinstance(message.body, bytes) else str(message.body).encode()
