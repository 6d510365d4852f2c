"""Consuming: a batch is what is there, handled in one transaction, acknowledged after its commit.

What may leave which step (what a message does in the database is `chassis.handling`):

    run             nothing: whatever comes out of `_consume` ends this connection, and a new one begins
    _consume        BROKER_ERRORS, GivenBackError
    process         GivenBackError; when it returns, every message has come to its end
    _read           GivenBackError; an UnreadableError is a result
    _handle         GivenBackError; a batch that fails is redone one by one, and what fails alone is set aside
    _patiently      the event's own faults; GivenBackError while it waits for the machinery
    _breathe        GivenBackError: the service stops, the batch has lasted too long, or the broker is gone

A batch that was not brought to its end comes again. It is then begun with one message, and with twice as many
each time that goes well: so there is progress however long a batch takes.
"""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from chassis import broker, metrics, turns
from chassis.events import UnreadableError
from chassis.failures import Message
from chassis.faults import BROKER_ERRORS, Fault, classify, classify_our_own
from chassis.frames import Reader
from chassis.handling import Handling, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chassis.db import Database
    from chassis.events import EventSlice, Received
    from chassis.handling import Handler

log = structlog.get_logger()

BATCH = 500
BATCH_BYTES = 4_000_000  # what can be read within a second; a larger message is a batch of its own
_TICK_SECONDS = 0.5
_LONGEST_BACKOFF = 5.0
# Long before the broker's own consumer timeout (30 minutes) unfinished messages go back to the queue.
_GIVE_BACK_SECONDS = 300.0
_CONTENTION_ATTEMPTS = 5
_BREATH_SECONDS = 0.1  # so long may reading hold up heartbeats, requests and everything else in the process

# A message and the event that was read from it
Pair = tuple[Message, "Received"]


class Delivery(NamedTuple):
    """A message, and the tag by which the broker is told that it has come to its end."""

    tag: int
    message: Message


class GivenBackError(Exception):
    """The batch could not be finished in time, or the service stops: the broker hands it out again."""

    def __init__(self, reason: str, cause: str) -> None:
        """Say why, and in one word what was in the way: a metric's label."""
        super().__init__(reason)
        self.cause = cause


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
        self.queue, self._amqp_url = queue, amqp_url
        self._handling = Handling(queue, slices, handler, db)
        self.retry_one = self._handling.retry_one
        self._stopping = threading.Event()
        self._arrived: list[Delivery] = []
        self._arrived_bytes = 0
        self._limit = BATCH
        self._channel: Any = None
        self._deadline = 0.0
        self.connected = False

    def stop(self) -> None:
        """Let the running batch finish, then leave `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Consume until stopped, beginning anew whenever the connection or a batch is lost."""
        pause = 0.1
        while not self._stopping.is_set():
            try:
                with broker.channel(self._amqp_url) as self._channel:
                    self._subscribe()
                    pause = 0.1
                    self._consume()
            except Exception as fault:  # noqa: BLE001  whatever it is, the other queues of the process go on
                self._note_disconnected(fault)
            self.connected, self._limit = False, 1
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_BACKOFF)

    def _note_disconnected(self, fault: Exception) -> None:
        cause = "broker" if isinstance(fault, BROKER_ERRORS) else getattr(fault, "cause", "unforeseen")
        told = {"queue": self.queue, "cause": cause, "reason": repr(fault)[:300]}
        if cause == "stop":
            log.info("batch_given_back", **told)
            return
        if cause == "unforeseen":
            log.error("consumer_disconnected", **told, exc_info=fault)
        else:
            log.warning("consumer_disconnected", **told)
        metrics.DISCONNECTED.labels(self.queue, cause).inc()

    def _subscribe(self) -> None:
        self._arrived, self._arrived_bytes = [], 0
        self._handling.expect_known()
        self._reader = Reader(self._channel, self._arrive)
        self._channel.basic_qos(0, BATCH, False)
        self._channel.basic_consume(self.queue, callback=self._arrive_unusual)
        self.connected = True

    def _arrive(self, tag: int, headers: dict[str, Any], body: bytes) -> None:
        headers.pop("x-delivery-count", None)  # a redelivery's, and not the message's own
        self._arrived.append(Delivery(tag, Message(headers, body)))
        self._arrived_bytes += len(body)

    def _arrive_unusual(self, delivered: Any) -> None:
        message = message_of(delivered)
        self._arrive(delivered.delivery_tag, dict(message.headers), message.body)

    def _consume(self) -> None:
        while not self._stopping.is_set():
            self._fill()
            if self._arrived:
                batch = self._batch()
                self.process([delivered.message for delivered in batch])
                self._channel.basic_ack(batch[-1].tag, multiple=True)
                del self._arrived[: len(batch)]  # more may have arrived while it was handled
                self._arrived_bytes -= sum(len(delivered.message.body) for delivered in batch)
                self._limit = min(BATCH, self._limit * 2)

    def _fill(self) -> None:
        """Take what the socket has, without waiting for more once something is there."""
        while self._has_room() and not self._stopping.is_set():
            self._channel.connection.heartbeat_tick()
            if not self._reader.read(0.0 if self._arrived else _TICK_SECONDS):
                return

    def _has_room(self) -> bool:
        return len(self._arrived) < BATCH and self._arrived_bytes < BATCH_BYTES

    def _batch(self) -> list[Delivery]:
        """Return the oldest of what has arrived, as much as may be handled at once."""
        size, number = 0, 0
        for delivered in self._arrived[: self._limit]:
            size, number = size + len(delivered.message.body), number + 1
            if size >= BATCH_BYTES:
                break
        return self._arrived[:number]

    def process(self, messages: Sequence[Message]) -> None:
        """Bring every message to its end: handled, known already, set aside for retry, or parked."""
        self._deadline = time.monotonic() + _GIVE_BACK_SECONDS
        pairs, unreadable = self._read(messages)
        for number, (message, fault) in enumerate(unreadable):
            self._breathe_before(number)
            self._set_aside(message, fault)
        if pairs:
            with metrics.HANDLE_SECONDS.labels(self.queue).time():
                self._handle(pairs)

    def _read(self, messages: Sequence[Message]) -> tuple[list[Pair], list[tuple[Message, UnreadableError]]]:
        pairs, unreadable = [], []
        breathed = time.monotonic()
        for message in messages:
            try:
                pairs.append((message, self._handling.read(message)))
            except UnreadableError as fault:
                unreadable.append((message, fault))
            turns.passed()
            if time.monotonic() - breathed > _BREATH_SECONDS:
                self._breathe()
                breathed = time.monotonic()
        return pairs, unreadable

    def _handle(self, pairs: list[Pair]) -> None:
        """Handle the batch; if an event in it is poisonous, redo it one by one: it harms only itself."""
        events = [event for _, event in pairs]
        try:
            self._patiently(partial(self._handling.handle, events), _CONTENTION_ATTEMPTS)
        except GivenBackError:
            raise
        except Exception:  # noqa: BLE001  the handler's faults are data here
            for number, pair in enumerate(pairs):
                self._breathe_before(number)
                self._handle_one(pair)

    def _handle_one(self, pair: Pair) -> None:
        message, event = pair
        try:
            self._patiently(partial(self._handling.handle_alone, event))
        except GivenBackError:
            raise
        except Exception as fault:  # noqa: BLE001  the handler's faults are data here
            self._set_aside(message, fault)

    def _set_aside(self, message: Message, fault: Exception) -> None:
        self._patiently(partial(self._handling.set_aside, message, fault), judge=classify_our_own)

    def _patiently(
        self,
        work: Callable[[], None],
        contention_attempts: int | None = None,
        judge: Callable[[BaseException], Fault] = classify,
    ) -> None:
        """Redo `work` while the machinery fails; let the event's own faults through.

        With `contention_attempts`, so many lost fights with other transactions count as a fault of the batch.
        """
        pause, contended = 0.05, 0
        while True:
            try:
                work()
            except Exception as fault:
                kind = judge(fault)
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
            self._breathe(min(left, _TICK_SECONDS), waits_for="database")

    def _breathe_before(self, number: int) -> None:
        """Breathe between two messages: the first of a batch is brought to its end, however late it is."""
        if number:
            self._breathe()

    def _breathe(self, seconds: float = 0.001, waits_for: str = "handler") -> None:
        """Keep the heartbeats going; give the batch back if it has lasted too long or the service stops."""
        if self._stopping.is_set():
            raise GivenBackError("the service stops: the batch goes back to the queue", "stop")
        if time.monotonic() > self._deadline:
            raise GivenBackError("the batch has lasted too long and goes back to the queue", waits_for)
        try:
            broker.tick(self._channel, seconds)
        except BROKER_ERRORS as fault:
            gone = "the broker is gone and hands the batch out again"
            raise GivenBackError(gone, "broker") from fault
