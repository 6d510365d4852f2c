"""The chain as Celery tasks on quorum queues, and psycopg2."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from celery import Celery
from kombu import Exchange, Queue

from bench.peers import command, steps
from bench.peers.messages import HEARD_BY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.peers.messages import Message

QUEUES = {"scores": "celery.scores", "plans": "celery.plans", "notes": "celery.notes"}
LACKS = (
    "A task is lost if the process dies between commit and publish; one that fails is tried again with "
    "growing pauses, for ever, instead of parked; no order per subject; who tells must name the task and "
    "queue of who hears."
)

_exchange = Exchange("celery_peers", type="topic")  # what delayed retries of quorum queues go by
_quorum = {"x-queue-type": "quorum"}
app = Celery("peers", broker=os.environ.get("AMQP_URL"))
app.conf.update(
    task_queues=[Queue(name, _exchange, name, queue_arguments=_quorum) for name in QUEUES.values()],
    task_default_queue_type="quorum",
    task_routes={f"{role}.handle": {"queue": name, "routing_key": name} for role, name in QUEUES.items()},
    broker_transport_options={"confirm_publish": True},
    broker_native_delayed_delivery_queue_type="classic",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_annotations={"*": {"autoretry_for": (Exception,), "retry_backoff": True, "max_retries": None}},
    worker_prefetch_multiplier=int(os.environ.get("CELERY_PREFETCH", "8")),
    worker_disable_rate_limits=True,
    worker_enable_remote_control=False,
)


@app.task(name="scores.handle")
def score(message: Message) -> None:
    """Score the case of a completed self-assessment."""
    _handle("scores", message)


@app.task(name="plans.handle")
def plan(message: Message) -> None:
    """Plan an audit of what has a new score."""
    _handle("plans", message)


@app.task(name="notes.handle")
def note(message: Message) -> None:
    """Note whom to tell of a planned audit."""
    _handle("notes", message)


TASKS = {"scores": score, "plans": plan, "notes": note}


def _handle(role: str, message: Message) -> None:
    step = steps.STEPS[role]
    for told in steps.handle(steps.connection(), QUEUES[role], step, message):
        _send(told)


def _send(message: Message) -> None:
    TASKS[HEARD_BY[message["type"]]].delay(message)


def work(role: str) -> None:
    """Become `celery worker`."""
    pool = os.environ.get("CELERY_POOL", "threads")
    concurrency = os.environ.get("CELERY_CONCURRENCY", "8")
    quiet = [
        "--loglevel=WARNING",
        "--without-gossip",
        "--without-mingle",
    ]  # its beat wakes a worker that is to stop
    options = ["-n", f"{role}@%h", "-Q", QUEUES[role], "-P", pool, "-c", concurrency, *quiet]
    command.become("celery", "-A", "bench.peers.celery_peer", "worker", *options)


def _declare() -> None:
    with app.connection_for_write() as connection:
        for queue in app.amqp.queues.values():
            queue(connection.default_channel).declare()


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
