"""Exchanges, queues and bindings of all services: generated from the declarations, applied before traffic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis import broker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The same file is in the repository, in every image, and loaded by RabbitMQ's own `load_definitions`.
FILE = Path(__file__).parent.parent / "deploy" / "rabbitmq" / "definitions.json"


class TopologyError(Exception):
    """The broker cannot carry the topology; the message says why."""


def exchange_of(service: str) -> str:
    """Return the exchange on which a service's events appear."""
    return f"{service}.events"


def definitions(services: Iterable[str], consumed: Mapping[str, tuple[str, Iterable[str]]]) -> dict[str, Any]:
    """Return RabbitMQ's definitions: `consumed` maps a queue to its producer and the event types it takes."""
    return {
        "exchanges": [
            {
                "name": exchange_of(name),
                "type": "topic",
                "durable": True,
                "auto_delete": False,
                "internal": False,
            }
            | {"arguments": {}}
            for name in sorted(services)
        ],
        "queues": [
            {"name": queue, "durable": True, "auto_delete": False, "arguments": {"x-queue-type": "quorum"}}
            for queue in sorted(consumed)
        ],
        "bindings": [
            {"source": exchange_of(producer), "destination": queue, "destination_type": "queue"}
            | {"routing_key": event_type, "arguments": {}}
            for queue, (producer, types) in sorted(consumed.items())
            for event_type in sorted(types)
        ],
    }


def text(document: Mapping[str, Any]) -> str:
    """Return definitions as they are kept in the file."""
    return json.dumps(document, indent=2) + "\n"


def load() -> dict[str, Any]:
    """Return the definitions that were generated for this release."""
    document: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return document


def bound_types(exchange: str) -> set[str]:
    """Return the event types for which some queue is bound to `exchange`."""
    return {binding["routing_key"] for binding in load()["bindings"] if binding["source"] == exchange}


def apply(amqp_url: str) -> dict[str, Any]:
    """Declare everything in the file; what is there already and equal stays as it is."""
    document = load()
    with broker.channel(amqp_url) as channel:
        _refuse_untried(channel.connection.server_properties)
        for exchange in document["exchanges"]:
            channel.exchange_declare(exchange["name"], exchange["type"], durable=True, auto_delete=False)
        for queue in document["queues"]:
            channel.queue_declare(
                queue["name"], durable=True, auto_delete=False, arguments=queue["arguments"]
            )
        for binding in document["bindings"]:
            channel.queue_bind(binding["destination"], binding["source"], binding["routing_key"])
    return document


def _refuse_untried(server: Mapping[str, Any]) -> None:
    """RabbitMQ 4 drops a message after 20 deliveries; nothing may be lost that way unseen."""
    version = str(server.get("version", "0"))
    if int(version.partition(".")[0]) >= 4:
        raise TopologyError(
            f"RabbitMQ {version} is not supported yet: its quorum queues drop messages that were delivered"
            " 20 times; use 3.10"
        )


def depths(amqp_url: str) -> list[tuple[str, int, int]]:
    """Return (queue, messages, consumers) of every queue in the file."""
    with broker.channel(amqp_url) as channel:
        return [
            (queue["name"], state.message_count, state.consumer_count)
            for queue in load()["queues"]
            for state in [channel.queue_declare(queue["name"], passive=True)]
        ]
