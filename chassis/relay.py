"""The relay takes committed events to the broker, and forgets them when it has confirmed them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
import psycopg2
import structlog

from chassis import broker, frames, metrics, sql
from chassis.events import PREFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from chassis.db import Database, Transaction

log = structlog.get_logger()
queries: Any = sql.load(__file__, planned=("claim_outbox",))

BATCH = 500
_TICK_SECONDS = 1.0
_CONFIRM_SECONDS = 5.0
_PUT_BACK_SECONDS = 5.0
_LONGEST_BACKOFF = 5.0


class UnconfirmedError(Exception):
    """The broker has not confirmed the batch in time: it is published again."""


class RefusedError(Exception):
    """The broker has refused events though their queue is there: the channel is not trusted any more."""


@dataclass
class Confirms:
    """What the broker has said about the messages of one batch; delivery tags count from `first`."""

    rows: Sequence[Any]
    first: int
    waiting: set[int] = field(init=False)
    refused: dict[int, Any] = field(default_factory=dict, init=False)
    nacks: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Wait for every message of the batch."""
        self.waiting = set(range(self.first, self.first + len(self.rows)))

    def acked(self, tag: int, multiple: bool) -> None:
        """Note what the broker has taken."""
        self.waiting -= {t for t in self.waiting if t <= tag} if multiple else {tag}

    def nacked(self, tag: int, multiple: bool) -> None:
        """Note what the broker could not take."""
        tags = {t for t in self.waiting if t <= tag} if multiple else {tag} & self.waiting
        self.waiting -= tags
        self.nacks += len(tags)
        self.refused.update({(row := self.rows[t - self.first]).id: row for t in tags})

    def returned(self, _fault: Any, _exchange: str, _key: str, message: Any) -> None:
        """Note what no queue was bound for, though the topology says that one is."""
        row = self._by_event[message.properties["message_id"]]
        self.refused[row.id] = row

    @cached_property
    def _by_event(self) -> dict[str, Any]:
        return {orjson.loads(row.headers)[PREFIX + "id"]: row for row in self.rows}


class Relay:
    """Publishes one service's outbox; several replicas share the work, none waits for another."""

    def __init__(self, exchange: str, bound_types: Collection[str], db: Database, amqp_url: str) -> None:
        """Name the exchange, and the event types for which the topology binds a queue."""
        self._exchange, self._bound = exchange, frozenset(bound_types)
        self._db, self._amqp_url = db, amqp_url
        self._stopping = threading.Event()
        self._published = 0
        self._singly = 0  # so many more rows go one by one
        self._blocked = False
        self._distrusted = False
        self._channel: Any = None
        self.connected = False

    @property
    def ready(self) -> bool:
        """Tell whether events leave this process at present."""
        return self.connected and not self._blocked

    def stop(self) -> None:
        """Let the running batch finish, then leave `run`."""
        self._stopping.set()
        self._db.signal("outbox").set()

    def run(self) -> None:
        """Publish until stopped; connect anew for ever: no event is ever given up."""
        pause = 0.1
        while not self._stopping.is_set():
            try:
                with broker.channel(
                    self._amqp_url, on_blocked=self._block, on_unblocked=self._unblock
                ) as opened:
                    self._open(opened)
                    pause = 0.1
                    self._relay()
            except Exception as fault:  # noqa: BLE001  whatever it is, what is committed must leave some day
                log.warning("relay_disconnected", exchange=self._exchange, reason=repr(fault)[:300])
                cause = "database" if isinstance(fault, psycopg2.Error) else "broker"
                metrics.DISCONNECTED.labels("relay", cause).inc()
            self.connected = self._blocked = False
            metrics.BLOCKED.set(0)
            self._stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_BACKOFF)

    def _open(self, channel: Any) -> None:
        self._channel, self._published, self._distrusted = channel, 0, False
        channel.confirm_select()
        self.connected = True

    def _block(self, reason: str) -> None:
        self._blocked = True
        metrics.BLOCKED.set(1)
        log.warning("publishing_blocked", reason=reason)

    def _unblock(self) -> None:
        self._blocked = False
        metrics.BLOCKED.set(0)
        log.info("publishing_unblocked")

    def _relay(self) -> None:
        signal = self._db.signal("outbox")
        while not self._stopping.is_set():
            signal.clear()
            broker.glance(self._channel)  # heartbeats, and whether the broker blocks us
            while not self._blocked and not self._stopping.is_set() and self.publish_batch():
                pass
            signal.wait(_TICK_SECONDS)

    def publish_batch(self) -> bool:
        """Publish what is due; tell whether more may be. Rows are gone once the broker has confirmed them.

        What this process commits later wakes the relay: after a batch that was not full it need not look.

        The rows of a failed batch go one by one, and one that fails alone steps back: a message that makes
        the broker close the connection harms only itself. While the broker blocks us the connection is kept:
        a new one would publish the same rows again and again.
        """
        rows: list[Any] = []
        limit, began = 1 if self._singly else BATCH, time.monotonic()
        try:
            with self._db.transaction() as tx:
                rows = sorted(queries.claim_outbox(tx, limit=limit), key=lambda row: row.id)
                if rows:
                    self._publish(tx, rows)
        except psycopg2.Error:
            metrics.RELAY_BATCHES.labels("failed").inc()
            raise
        except Exception:
            metrics.RELAY_BATCHES.labels("failed").inc()
            if self._blocked:
                return False
            self._singly = max(self._singly, len(rows))
            if limit == 1:
                self._step_back(rows)
            raise
        self._singly = max(0, self._singly - 1) if rows else 0
        if rows:
            metrics.batch_published(len(rows), time.monotonic() - began)
        self._leave_distrusted_channel()
        return len(rows) == limit

    def _leave_distrusted_channel(self) -> None:
        """Begin anew: a channel opened while a queue had no leader may go on refusing."""
        if self._distrusted:
            raise RefusedError("the broker has refused events: they are put back, and the channel is closed")

    def _step_back(self, rows: Sequence[Any]) -> None:
        with self._db.transaction() as tx:
            queries.postpone_outbox(tx, ids=[row.id for row in rows], delay=_PUT_BACK_SECONDS)

    def _publish(self, tx: Transaction, rows: Sequence[Any]) -> None:
        confirms = Confirms(rows, self._published + 1)
        self._listen(confirms)
        broker.publish(self._channel, map(self._frames, rows))
        self._published += len(rows)
        self._await(confirms)
        self._distrusted = confirms.nacks > 0
        if confirms.refused:
            self._put_back(tx, list(confirms.refused.values()))
        ends = Counter((row.type, self._outcome(row, confirms)) for row in rows)
        for (event_type, outcome), count in ends.items():
            metrics.PUBLISHED.labels(event_type, outcome).inc(count)

    def _outcome(self, row: Any, confirms: Confirms) -> str:
        if row.type not in self._bound:
            return "unrouted"
        return "put_back" if row.id in confirms.refused else "confirmed"

    def _listen(self, confirms: Confirms) -> None:
        events = self._channel.events
        events["basic_ack"] = {confirms.acked}
        events["basic_nack"] = {confirms.nacked}
        events["basic_return"] = {confirms.returned}

    def _frames(self, row: Any) -> bytes:
        to = frames.Address(self._exchange, row.type, row.type in self._bound)
        return frames.message(self._channel, to, orjson.loads(row.headers), row.body.encode())

    def _await(self, confirms: Confirms) -> None:
        """The one wait for somebody else inside a transaction: bounded, and the rows stay ours meanwhile."""
        deadline = time.monotonic() + _CONFIRM_SECONDS
        while confirms.waiting:
            left = deadline - time.monotonic()
            if left <= 0 or self._blocked:
                raise UnconfirmedError(
                    f"{len(confirms.waiting)} of {len(confirms.rows)} events are unconfirmed"
                )
            broker.tick(self._channel, left)

    def _put_back(self, tx: Transaction, rows: Sequence[Any]) -> None:
        log.error("events_refused", exchange=self._exchange, types=sorted({row.type for row in rows}))
        kept = [{**row._asdict(), "headers": orjson.Fragment(row.headers)} for row in rows]
        queries.put_back_outbox(tx, rows=sql.rows(kept), delay=_PUT_BACK_SECONDS)
