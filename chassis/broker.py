"""Connections to RabbitMQ as the relay and the consumers use them: py-amqp channels."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from amqp.serialization import PROPERTY_CLASSES, decode_properties_basic
from amqp.spec import Basic
from kombu.connection import Connection

from chassis import db, turns
from chassis.faults import BROKER_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HEARTBEAT_SECONDS = 30
_MOMENT = 0.001  # seconds
_PIECE = 1 << 14  # bytes that are written at once, or a little more


def _read_properties(buffer: bytes, offset: int) -> tuple[dict[str, Any], int]:
    """Read a message's properties; what py-amqp cannot read becomes a header, so that it can be parked."""
    try:
        properties: tuple[dict[str, Any], int] = decode_properties_basic(buffer, offset)
    except Exception:  # noqa: BLE001  whatever it is, the next delivery would fail in the same way
        return {"application_headers": {"unreadable": buffer[offset:].hex()}}, len(buffer)
    return properties


PROPERTY_CLASSES[Basic.CLASS_ID] = _read_properties


@contextmanager
def channel(
    url: str,
    *,
    on_blocked: Callable[[str], None] | None = None,
    on_unblocked: Callable[[], None] | None = None,
) -> Iterator[Any]:
    """Open a connection and give its one channel; `channel.connection` is py-amqp's connection.

    Raises one of BROKER_ERRORS when the broker is away or refuses.
    """
    options = {
        "on_blocked": on_blocked,
        "on_unblocked": on_unblocked,
        "read_timeout": 20,
        "write_timeout": 20,
    }
    connection = Connection(url, heartbeat=HEARTBEAT_SECONDS, connect_timeout=5, transport_options=options)
    try:
        connection.connect()
        opened = connection.channel()
        opened.auto_decode = False  # a body is bytes until its own schema has read it
        yield opened
    except BaseException:
        connection.collect()  # hangs up: a broker that does not answer is not asked to agree
        raise
    finally:
        with suppress(*BROKER_ERRORS):
            connection.release()


def publish(amqp_channel: Any, frames: Iterable[bytes]) -> None:
    """Send messages as `frames.message` writes them, in order, many with one write.

    A write a message costs the broker more than to route it. What it says meanwhile is for `tick` to read.
    """
    connection = amqp_channel.connection
    pieces = Pieces(connection.transport.write)
    for message in frames:
        pieces.add(message)
        turns.passed()
    pieces.send()
    connection.bytes_sent += 1  # a sign of life, as a heartbeat is


class Pieces:
    """Gathers small writes into large ones; what is left after the last must be sent."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        """Name what writes."""
        self._write, self._gathered = write, bytearray()

    def add(self, frames: bytes) -> None:
        """Keep them; send them with what was gathered before, once that is much."""
        self._gathered.extend(frames)
        if len(self._gathered) >= _PIECE:
            self.send()

    def send(self) -> None:
        """Write what has been gathered."""
        self._write(bytes(self._gathered))
        self._gathered.clear()


def glance(amqp_channel: Any) -> None:
    """Read what the broker has said already, if anything; keep heartbeats going. Waits for nothing."""
    connection = amqp_channel.connection
    connection.heartbeat_tick()
    if db.look([connection.transport.sock], [], [], 0)[0]:
        tick(amqp_channel, _MOMENT)


def tick(amqp_channel: Any, timeout: float) -> bool:
    """Read what the broker sends within `timeout` seconds, keep heartbeats going; tell if anything came.

    `timeout` above 0: with 0, py-amqp would ask for the rest of half a frame again and again.
    """
    connection = amqp_channel.connection
    connection.heartbeat_tick()
    try:
        connection.drain_events(timeout=timeout)
    except TimeoutError:
        return False
    return True
