"""What a run does at the broker itself: copies of real messages, their duplicates, and poison."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import amqp

from chassis import broker, topology
from chassis.faults import BROKER_ERRORS
from chassis.ids import uuid7
from tests import backbone
from tests.backbone import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

TAP = "chaos.tap"
_COPIES, _TAKEN = 25, 40


def consumers() -> dict[tuple[str, str], list[str]]:
    """(exchange, event type) -> the queues that get it."""
    found = defaultdict(list)
    for binding in topology.load()["bindings"]:
        found[binding["source"], binding["routing_key"]].append(binding["destination"])
    return found


def queues() -> list[str]:
    """Every queue of the platform."""
    return sorted(queue["name"] for queue in topology.load()["queues"])


class Messages:
    """Publishes past every proxy, and waits until the broker has what it was given."""

    def __init__(self, amqp_url: str, chance: random.Random) -> None:
        """Begin to keep a copy of every event that is published."""
        self._amqp_url, self._chance = amqp_url, chance
        self.planted: set[str] = set()
        self.duplicates = 0
        with broker.channel(amqp_url) as channel:
            arguments = {"x-queue-type": "quorum", "x-max-length": 5000}
            channel.queue_declare(TAP, durable=True, auto_delete=False, arguments=arguments)
            for exchange in {exchange for exchange, _ in consumers()}:
                channel.queue_bind(TAP, exchange, "#")

    def end(self) -> None:
        """Keep no copies any more."""
        with broker.channel(self._amqp_url) as channel:
            channel.queue_delete(TAP)

    def flood(self) -> None:
        """Publish real messages again, many times each, to every queue that they were for."""
        with broker.channel(self._amqp_url) as channel:
            taken = list(iter(lambda: channel.basic_get(TAP, no_ack=True), None))
        bound = consumers()
        again = [
            (queue, message.body, dict(message.headers))
            for message in self._chance.sample(taken, min(_TAKEN, len(taken)))
            for queue in bound[message.delivery_info["exchange"], message.delivery_info["routing_key"]]
        ]
        self._publish(each for each in again for _ in range(_COPIES))
        self.duplicates += len(again) * _COPIES

    def poison(self) -> None:
        """Plant a message of each kind that nobody can ever read, each in some queue."""
        for headers, body in poisons():
            self._publish([(self._chance.choice(queues()), body, headers)])
            self.planted.add(headers["cloudEvents_id"])

    def _publish(self, messages: Iterable[tuple[str, bytes, dict[str, Any]]]) -> None:
        """Publish all; what a fault interrupts is published again, whole: to consumers the same events."""
        wanted = list(messages)

        def published() -> bool:
            try:
                with broker.channel(self._amqp_url) as channel:
                    channel.confirm_select()
                    for queue, body, headers in wanted:
                        made = amqp.Message(body, application_headers=headers, delivery_mode=2)
                        channel.basic_publish_confirm(made, "", queue)
            except BROKER_ERRORS:
                return False
            return True

        wait_until(published, 60)


def poisons() -> list[tuple[dict[str, Any], bytes]]:
    """One message of each kind: (headers, body). Each has an id, by which it is found again."""
    undated = backbone.headers("assessment_completed", id=str(uuid7()), time=None)
    return [
        (backbone.headers("supplier_registered", id=str(uuid7())), b"\xff\x00{"),
        (backbone.headers("never_heard_of", id=str(uuid7())), b"{}"),
        (backbone.headers("supplier_risk_rescored", id=str(uuid7())), b'{"band": "worst"}'),
        (undated, b"{}"),
    ]
