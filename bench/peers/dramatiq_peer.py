"""The chain as Dramatiq actors on quorum queues, and psycopg2."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from bench.peers import command, steps
from bench.peers.messages import HEARD_BY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.peers.messages import Message

QUEUES = {"scores": "dramatiq_scores", "plans": "dramatiq_plans", "notes": "dramatiq_notes"}
LACKS = (
    "A message is lost if the process dies between commit and publish; one that fails is tried again with"
    " growing pauses and ends in a queue of dead letters, which forgets it after a week; no order per "
    "subject; who tells must name the actor of who hears."
)


class QuorumBroker(RabbitmqBroker):
    """Dramatiq's broker, whose queues are quorum queues."""

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        return {**super()._build_queue_arguments(queue_name), "x-queue-type": "quorum"}


broker = QuorumBroker(url=os.environ.get("AMQP_URL", "amqp://"), confirm_delivery=True)
dramatiq.set_broker(broker)


@dramatiq.actor(actor_name="scores", queue_name=QUEUES["scores"])
def score(message: Message) -> None:
    """Score the case of a completed self-assessment."""
    _handle("scores", message)


@dramatiq.actor(actor_name="plans", queue_name=QUEUES["plans"])
def plan(message: Message) -> None:
    """Plan an audit of what has a new score."""
    _handle("plans", message)


@dramatiq.actor(actor_name="notes", queue_name=QUEUES["notes"])
def note(message: Message) -> None:
    """Note whom to tell of a planned audit."""
    _handle("notes", message)


ACTORS = {"scores": score, "plans": plan, "notes": note}


def _handle(role: str, message: Message) -> None:
    step = steps.STEPS[role]
    for told in steps.handle(steps.connection(), QUEUES[role], step, message):
        _send(told)


def _send(message: Message) -> None:
    ACTORS[HEARD_BY[message["type"]]].send(message)


def work(role: str) -> None:
    """Become `dramatiq`, with one process."""
    threads = os.environ.get("DRAMATIQ_THREADS", "8")
    options = ["--processes", "1", "--threads", threads, "--queues", QUEUES[role]]
    command.become("dramatiq", "bench.peers.dramatiq_peer", *options)


def _declare() -> None:
    for name in QUEUES.values():
        broker.declare_queue(name, ensure=True)


def produce(items: Iterable[Message]) -> None:
    """Publish each."""
    _declare()
    for message in items:
        _send(message)


def drive(items: Iterable[Message]) -> None:
    """Keep and tell each."""
    _declare()
    command.each_told(items, _send)


if __name__ == "__main__":
    command.main(work, produce, drive)
