"""The chain on nameko's own event handlers and dispatchers, and psycopg2 (green, as eventlet patches it)."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import kombu
from eventlet.pools import Pool
from nameko.events import EventDispatcher, EventHandler
from nameko.extensions import DependencyProvider
from nameko.standalone.events import event_dispatcher, get_event_exchange

from bench.peers import command, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bench.peers.messages import Message

# As nameko names them: evt-<source>-<event>--<service>.<method>
QUEUES = {
    "scores": "evt-answers-assessment_completed--scores.handle",
    "plans": "evt-scores-score_changed--plans.handle",
    "notes": "evt-plans-audit_planned--notes.handle",
}
LACKS = (
    "An event is lost if the process dies between commit and publish; one whose handler fails comes back "
    "at once, without a pause, and is dropped at the queue's delivery limit instead of parked; no order "
    "per subject."
)
SOURCES = {
    "scores": ("answers", "assessment_completed"),
    "plans": ("scores", "score_changed"),
    "notes": ("plans", "audit_planned"),
}
_QUORUM = {"x-queue-type": "quorum"}


class QuorumHandler(EventHandler):
    """nameko's event_handler, whose queue is a quorum queue."""

    def setup(self) -> None:
        """Declare as nameko does, with one argument more."""
        super().setup()
        self.queue.queue_arguments = _QUORUM


event_handler = QuorumHandler.decorator


class Database(DependencyProvider):
    """A pool of connections; a worker has one for as long as it needs it."""

    def setup(self) -> None:
        """Connect when somebody comes."""
        size = self.container.max_workers
        self.pool = Pool(max_size=size, create=steps.connect)
        self.steps = steps.STEPS

    def get_dependency(self, worker_ctx: Any) -> Database:
        """Give the pool itself."""
        return self

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Lend a connection; another one takes the place of one that broke."""
        connection = self.pool.get()
        try:
            yield connection
        finally:
            self.pool.put(steps.connect() if connection.closed else connection)

    def handle(self, role: str, message: Message, *, outbox: bool = False) -> list[Message]:
        """Do a role's step, and commit."""
        with self.connection() as connection:
            return steps.handle(connection, QUEUES[role], self.steps[role], message, outbox=outbox)


class Scores:
    """Scores cases."""

    name = "scores"
    database = Database()
    dispatch = EventDispatcher()

    @event_handler(*SOURCES["scores"], requeue_on_error=True)
    def handle(self, message: Message) -> None:
        """Score the case of a completed self-assessment."""
        for told in self.database.handle("scores", message):
            self.dispatch(told["type"], told)


class Plans:
    """Plans audits."""

    name = "plans"
    database = Database()
    dispatch = EventDispatcher()

    @event_handler(*SOURCES["plans"], requeue_on_error=True)
    def handle(self, message: Message) -> None:
        """Plan an audit of what has a new score."""
        for told in self.database.handle("plans", message):
            self.dispatch(told["type"], told)


class Notes:
    """Keeps notices."""

    name = "notes"
    database = Database()

    @event_handler(*SOURCES["notes"], requeue_on_error=True)
    def handle(self, message: Message) -> None:
        """Note whom to tell of a planned audit."""
        self.database.handle("notes", message)


def run(module: str, role: str) -> None:
    """Become `nameko run` with the service of that role."""
    command.become("bench.peers.nameko_run", module, role.capitalize())


def publisher() -> Callable[[Message], object]:
    """Declare the queues, and return what publishes a first message as the service `answers`, confirmed."""
    config = {"AMQP_URI": os.environ["AMQP_URL"]}
    with kombu.Connection(config["AMQP_URI"]) as connection:
        for role, (source, kind) in SOURCES.items():
            exchange = get_event_exchange(source, config)
            queue = kombu.Queue(QUEUES[role], exchange, kind, durable=True, queue_arguments=_QUORUM)
            queue(connection.default_channel).declare()
    dispatch = event_dispatcher(config)
    return lambda message: dispatch("answers", message["type"], message)


def produce(items: Iterable[Message]) -> None:
    """Publish each."""
    publish = publisher()
    for message in items:
        publish(message)


def drive(items: Iterable[Message]) -> None:
    """Keep and tell each."""
    command.each_told(items, publisher())


if __name__ == "__main__":
    command.main(lambda role: run("nameko_peer", role), produce, drive)
