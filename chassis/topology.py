"""Exchanges, queues and bindings of all services: generated from the declarations, applied before traffic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis import broker
from chassis.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The same file is in the repository, in every image, and loaded by RabbitMQ's own `load_definitions`.
FILE = Path(__file__).parent.parent / "deploy" / "rabbitmq" / "definitions.json"


class TopologyError(OperatorError):
    """The broker cannot carry the topology; the message says why."""


def exchange_of(service: str) -> str:
    """Return the exchange on which a service's events appear."""
    return f"{service}.events"


def definitions(
    services: Iterable[str],
    consumed: Mapping[str, tuple[str, Iterable[str]]],
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return RabbitMQ's definitions: `consumed` maps a queue to its producer and the event types it takes.

    Bindings that were in the definitions `before` and are not declared any more are kept as `withdrawn`, for
    `apply` to remove: a queue must not get what its service has stopped reading. RabbitMQ reads past them.
    """
    bindings = _bindings(consumed)
    known = [*before.get("withdrawn", []), *before["bindings"]] if before else []
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
        "bindings": bindings,
        "withdrawn": sorted((each for each in known if each not in bindings), key=_place),
    }


def _bindings(consumed: Mapping[str, tuple[str, Iterable[str]]]) -> list[dict[str, Any]]:
    return [
        {"source": exchange_of(producer), "destination": queue, "destination_type": "queue"}
        | {"routing_key": event_type, "arguments": {}}
        for queue, (producer, types) in sorted(consumed.items())
        for event_type in sorted(types)
    ]


def _place(binding: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what AMQP binds and unbinds by: queue, exchange, routing key."""
    return binding["destination"], binding["source"], binding["routing_key"]


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
    """Declare everything in the file and remove what is withdrawn; what is there and equal stays as it is."""
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
            channel.queue_bind(*_place(binding))
        for binding in document["withdrawn"]:
            channel.queue_unbind(*_place(binding))  # the broker minds none that is gone already
    return document


def _refuse_untried(server: Mapping[str, Any]) -> None:
    """RabbitMQ 4 drops a message after 20 deliveries; nothing may be lost that way unseen."""
    version = str(server.get("version", "0"))
    if int(version.partition(".")[0]) >= 4:
        raise TopologyError(
            f"RabbitMQ {version} is not supported yet: its quorum queues drop messages that were delivered"
            " 20 times; use 3.10"
        )
