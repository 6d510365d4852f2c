"""The chain on nameko with an outbox made by hand: a timer publishes what transactions have left there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nameko.events import EventDispatcher
from nameko.timer import timer

from bench.peers import command, nameko_peer, steps
from bench.peers.nameko_peer import SOURCES, Database, Notes, event_handler, produce, publisher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.peers.messages import Message

__all__ = ["QUEUES", "Notes", "Plans", "Scores"]

QUEUES = nameko_peer.QUEUES
LACKS = (
    "One whose handler fails comes back at once, without a pause, and is dropped at the queue's delivery "
    "limit instead of parked; an event waits up to 50 ms for the timer at each stage; handlers run side "
    "by side, so that there is no order per subject."
)


class Scores:
    """Scores cases."""

    name = "scores"
    database = Database()
    dispatch = EventDispatcher()

    @event_handler(*SOURCES["scores"], requeue_on_error=True)
    def handle(self, message: Message) -> None:
        """Score the case of a completed self-assessment."""
        self.database.handle("scores", message, outbox=True)

    @timer(interval=steps.RELAY_SECONDS)
    def relay(self) -> None:
        """Publish what waits."""
        with self.database.connection() as connection:
            steps.relay(connection, lambda told: self.dispatch(told["type"], told))


class Plans:
    """Plans audits."""

    name = "plans"
    database = Database()
    dispatch = EventDispatcher()

    @event_handler(*SOURCES["plans"], requeue_on_error=True)
    def handle(self, message: Message) -> None:
        """Plan an audit of what has a new score."""
        self.database.handle("plans", message, outbox=True)

    @timer(interval=steps.RELAY_SECONDS)
    def relay(self) -> None:
        """Publish what waits."""
        with self.database.connection() as connection:
            steps.relay(connection, lambda told: self.dispatch(told["type"], told))


def drive(items: Iterable[Message]) -> None:
    """Keep each, and let a relay tell."""
    command.each_kept(items, publisher())


if __name__ == "__main__":
    command.main(lambda role: nameko_peer.run("nameko_outbox", role), produce, drive)
