"""What the chassis' tests look at: a queue's messages, and the tables of the tests' own service."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import amqp
import psycopg2

from chassis import outbox, sql
from chassis.events import PREFIX, Event
from chassis.ids import uuid7
from tests import backbone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.db import Database

LOCK = 4711  # what the tests' own service waits for
queries = sql.load(__file__.replace("bench.py", "extra/things/queries.py"))


def made(*names: str, **more: Any) -> list[Event]:
    """Return an event per name to emit."""
    from services.things.events import ThingMade  # noqa: PLC0415  importable once the fixtures are loaded

    return [Event(schema=ThingMade, subject=name, data={"name": name}, **more) for name in names]


def emit(db: Database, *names: str) -> None:
    """Commit an event per name."""
    with db.transaction() as tx:
        outbox.emit(tx, made(*names))


def count(tx: Any, batch: list[Any]) -> None:
    """Handle a batch as the tests' own service does: count each thing."""
    queries.count_things(tx, names=[event.data["name"] for event in batch])


class Queue:
    """A queue bound to an exchange of its own, by the type `thing_made`."""

    def __init__(self, channel: Any) -> None:
        """Declare both."""
        self.channel = channel
        self.name, self.exchange = f"things.{uuid7()}", f"things.{uuid7()}.events"
        channel.confirm_select()
        channel.exchange_declare(self.exchange, "topic", durable=True, auto_delete=False)
        channel.queue_declare(
            self.name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
        )
        self.bind()

    def bind(self) -> None:
        """Let `thing_made` in."""
        self.channel.queue_bind(self.name, self.exchange, "thing_made")

    def unbind(self) -> None:
        """Let nothing in."""
        self.channel.queue_unbind(self.name, self.exchange, "thing_made")

    def delete(self) -> None:
        """Remove both."""
        self.channel.queue_delete(self.name)
        self.channel.exchange_delete(self.exchange)

    def put(self, *names: str) -> list[str]:
        """Publish a `thing_made` per name and return their ids."""
        envelopes = [backbone.headers("thing_made", subject=name) for name in names]
        for headers, name in zip(envelopes, names, strict=True):
            self.put_raw(headers, backbone.body({"name": name}))
        return [headers[PREFIX + "id"] for headers in envelopes]

    def put_raw(self, headers: Any, body: bytes, message: type[amqp.Message] = amqp.Message) -> None:
        """Publish anything at all, and wait until the broker has it."""
        properties = {} if headers is None else {"application_headers": headers}
        self.channel.basic_publish_confirm(message(body, delivery_mode=2, **properties), "", self.name)

    def waiting(self) -> int:
        """Return how many messages are ready to be delivered."""
        return int(self.channel.queue_declare(self.name, passive=True).message_count)

    def taken(self) -> list[Any]:
        """Take all messages out and return them."""
        return list(iter(lambda: self.channel.basic_get(self.name, no_ack=True), None))

    def names(self) -> list[str]:
        """Take all messages out and return the things' names, in order."""
        return [message.headers[PREFIX + "subject"] for message in self.taken()]


@contextmanager
def held(things: Things) -> Iterator[None]:
    """Hold the lock that the tests' own service waits for, until the end of the block at the latest."""
    things.ask("SELECT pg_advisory_lock(%(key)s)", key=LOCK)
    try:
        yield
    finally:
        things.release()


class Things:
    """The database as a bystander sees it: every look is a transaction of its own."""

    def __init__(self, dsn: str) -> None:
        """Connect past any proxy."""
        self._conn = psycopg2.connect(dsn)
        self._conn.autocommit = True

    def close(self) -> None:
        """Disconnect."""
        self._conn.close()

    def empty(self, *tables: str) -> None:
        """Take out all rows of tables."""
        backbone.empty(self._conn, *tables)

    def ask(self, statement: str, **values: Any) -> list[Any]:
        """Return the rows of a statement; a single column comes as plain values."""
        with self._conn.cursor() as cursor:
            cursor.execute(statement, values)
            rows: list[Any] = cursor.fetchall() if cursor.description else []
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def times(self) -> dict[str, int]:
        """Return how often each thing was handled."""
        return dict(self.ask("SELECT name, times FROM thing"))

    def outbox(self) -> list[str]:
        """Return the subjects of the events that have not left."""
        return self.ask("SELECT headers ->> 'cloudEvents_subject' FROM outbox ORDER BY id")

    def failed(self) -> list[tuple[Any, ...]]:
        """Return (subject, state, attempts) of the failed events."""
        return self.ask(
            "SELECT headers ->> 'cloudEvents_subject', state, attempts FROM failed_event ORDER BY failed_at"
        )

    def waiting(self) -> int:
        """Return how many wait for a lock that the test holds."""
        [number] = self.ask(backbone.WAITERS)
        return int(number)

    def release(self) -> None:
        """Let go of the lock that the tests' own service waits for."""
        self.ask("SELECT pg_advisory_unlock_all()")

    def reasons(self) -> list[str]:
        """Return why events were parked, oldest first."""
        return self.ask("SELECT reason FROM failed_event WHERE state = 'parked' ORDER BY failed_at")
