"""What waits in the queues, as the broker says."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

import amqp

from chassis import broker, topology
from chassis.consume import BATCH

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_SECONDS = 5


class Depth(NamedTuple):
    """A queue's messages and consumers."""

    ready: int
    at_most: int  # so many may be delivered and not acknowledged
    in_hand: int | None  # so many are; None: nobody knows
    consumers: int


def depths(amqp_url: str, management_url: str | None = None) -> dict[str, Depth | None]:
    """Return what is in every queue of the topology; None: the broker has no such queue.

    Raises one of BROKER_ERRORS, which a management API that does not answer is too.
    """
    names = [queue["name"] for queue in topology.load()["queues"]]
    if management_url:
        told = _told(management_url, urlsplit(amqp_url.partition(";")[0]).path[1:] or "/")
        return {name: _exactly(told[name]) if name in told else None for name in names}
    return {name: _at_most(amqp_url, name) for name in names}


def _told(management_url: str, vhost: str) -> dict[str, Any]:
    parts = urlsplit(management_url)
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}".encode()
    request = urllib.request.Request(  # noqa: S310  the operator's own setting
        f"{address}/api/queues/{quote(unquote(vhost), safe='')}",
        headers={"Authorization": f"Basic {base64.b64encode(login).decode()}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            return {queue["name"]: queue for queue in json.load(answer)}
    except ValueError as fault:
        raise OSError(f"AMQP_MANAGEMENT_URL leads to something else than RabbitMQ: {fault}") from None


def _exactly(queue: Mapping[str, Any]) -> Depth:
    in_hand = queue.get("messages_unacknowledged", 0)  # a queue that is new has no numbers yet
    return Depth(queue.get("messages_ready", 0), in_hand, in_hand, queue.get("consumers", 0))


def _at_most(amqp_url: str, name: str) -> Depth | None:
    try:
        with broker.channel(amqp_url) as channel:
            state = channel.queue_declare(name, passive=True)
    except amqp.NotFound:  # which closes the channel
        return None
    ready, consumers = int(state.message_count), int(state.consumer_count)
    return Depth(ready, consumers * BATCH, None if consumers else 0, consumers)
