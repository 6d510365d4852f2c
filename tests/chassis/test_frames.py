"""Messages as frames: what we write py-amqp reads, and what the broker sends we read as py-amqp does."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import amqp
import pytest
from amqp.exceptions import UnexpectedFrame
from amqp.serialization import dumps
from hypothesis import given
from hypothesis import strategies as st

from chassis import broker, frames
from chassis.events import PREFIX
from chassis.handling import message_of
from chassis.relay import Confirms
from tests import backbone
from tests.backbone import wait_until

if TYPE_CHECKING:
    from tests.chassis.bench import Queue

# What a foreign publisher may send: usual or not, in headers and in bodies of one frame, of several, of none
UNUSUAL = [
    {"list": [1, "two", {"three": 3}]},
    {"at": datetime(2026, 11, 28, tzinfo=UTC)},
    {"price": Decimal("1.25"), "share": 0.5},
    {"nothing": None},
    {"bytes": b"\xff\xfe"},
    {"small": -7, "large": 2**62, "yes": True, "no": False, "text": "åäö", "": "nameless"},
    {},
]
BODIES = [b"", b"{}", b"x" * 131_064, b"x" * 131_065, b"x" * 400_000, b"x" * 1_100_000]


def published(channel: Any, queue: Queue, *events: tuple[dict[str, Any], bytes]) -> None:
    to = frames.Address(queue.exchange, "thing_made", mandatory=True)
    broker.publish(channel, [frames.message(channel, to, headers, body) for headers, body in events])


@pytest.mark.parametrize("body", BODIES, ids=len)
def test_what_is_written_is_what_py_amqp_reads(queue, body):
    headers = backbone.headers("thing_made", subject="å", version=2**40 + 7, resync=True, imported=False)
    published(queue.channel, queue, (headers, body))
    wait_until(queue.waiting)
    [taken] = queue.taken()
    message = message_of(taken)
    assert (message.body, message.headers) == (body, headers)
    assert {
        name: taken.properties[name] for name in ("content_type", "delivery_mode", "message_id", "type")
    } == {
        "content_type": "application/json",
        "delivery_mode": 2,
        "message_id": headers[PREFIX + "id"],
        "type": "thing_made",
    }


def test_headers_of_other_kinds_are_written_as_py_amqp_writes_them(queue):
    headers = {**backbone.headers("thing_made"), "list": ["a", 1], "table": {"b": 2}}
    published(queue.channel, queue, (headers, b"{}"))
    wait_until(queue.waiting)
    assert message_of(queue.taken()[0]).headers == headers


def test_the_broker_confirms_each_of_many(queue):
    events = [(backbone.headers("thing_made"), b"{}") for _ in range(700)]
    confirms = Confirms(events, 1)
    queue.channel.events["basic_ack"] = {confirms.acked}
    published(queue.channel, queue, *events)
    wait_until(lambda: broker.tick(queue.channel, 1) and not confirms.waiting)
    assert queue.waiting() == 700


def received(channel: Any, queue: Queue, count: int) -> tuple[list[tuple[Any, bytes]], int]:
    """Consume so many messages; return headers and bodies in order, and how many py-amqp had to look at."""
    found: list[tuple[Any, bytes]] = []
    unusual: list[int] = []

    def look(delivered: Any) -> None:
        message = message_of(delivered)
        unusual.append(len(found))
        found.append((message.headers, message.body))

    reader = frames.Reader(channel, lambda _tag, headers, body: found.append((headers, body)))
    channel.basic_consume(queue.name, no_ack=True, callback=look)
    wait_until(lambda: reader.read(0.5) or len(found) >= count)
    wait_until(lambda: not reader.read(0) and len(found) >= count)
    return found, len(unusual)


def test_what_the_broker_sends_is_read_as_py_amqp_reads_it(queue, amqp_url):
    sent = [(headers, body) for headers in UNUSUAL for body in BODIES]
    for headers, body in sent:
        queue.put_raw(headers, body)
    with broker.channel(amqp_url) as channel:
        found, _ = received(channel, queue, len(sent))
    with broker.channel(amqp_url) as channel:
        for headers, body in sent:
            queue.put_raw(headers, body)
        expected = []
        while len(expected) < len(sent):
            taken = channel.basic_get(queue.name, no_ack=True)
            if taken:
                message = message_of(taken)
                expected.append((message.headers, message.body))
    assert found == expected


def test_our_own_events_are_all_usual(queue, amqp_url):
    for name in ("a", "b"):
        queue.put(name)
    published(queue.channel, queue, (backbone.headers("thing_made", resync=True), b"x" * 400_000))
    with broker.channel(amqp_url) as channel:
        found, unusual = received(channel, queue, 3)
    assert (len(found), unusual) == (3, 0)


def test_a_broker_that_hangs_up_is_noticed(amqp_url):
    with broker.channel(amqp_url) as channel:
        reader = frames.Reader(channel, lambda *_: None)
        channel.connection.transport.sock.shutdown(0)
        with pytest.raises(ConnectionResetError):
            reader.read(1)


def delivery(tag: int, headers: dict[str, Any], body: bytes, largest: int = 100) -> bytes:
    """Return a delivery's bytes as a broker sends them, in frames of at most `largest` bytes of body."""

    def frame(kind: int, payload: bytes) -> bytes:
        return bytes((kind, 0, 1)) + len(payload).to_bytes(4, "big") + payload + b"\xce"

    method = b"\x00\x3c\x00\x3c" + b"\x01c" + tag.to_bytes(8, "big") + b"\x00" + b"\x01x" + b"\x01k"
    table = dumps("F", [headers])
    header = b"\x00\x3c\x00\x00" + len(body).to_bytes(8, "big") + b"\x20\x00" + table
    bodies = [body[at : at + largest] for at in range(0, len(body), largest)]
    return frame(1, method) + frame(2, header) + b"".join(frame(3, piece) for piece in bodies)


def read_in(pieces: list[bytes]) -> tuple[list[Any], list[Any], bytes]:
    """Return what is taken, what is left to py-amqp, and what has not come as a whole, of bytes in pieces."""
    taken: list[Any] = []
    left: list[Any] = []
    transport = SimpleNamespace(_read_buffer=b"")
    connection = SimpleNamespace(on_inbound_frame=left.append, transport=transport)
    reader = frames.Reader(SimpleNamespace(connection=connection), lambda *message: taken.append(message))
    for piece in pieces:
        transport._read_buffer += piece
        while reader._take_some():
            pass
    return taken, left, transport._read_buffer


HEARTBEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"


@given(st.lists(st.binary(max_size=350), max_size=6), st.data())
def test_however_the_bytes_come_in_pieces_the_messages_are_the_same(bodies, data):
    messages = [(tag, {"n": tag, "t": "å"}, body) for tag, body in enumerate(bodies, start=1)]
    whole = HEARTBEAT.join(delivery(*message) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    pieces = [whole[at:to] for at, to in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    taken, left, rest = read_in(pieces)
    assert (taken, rest) == (messages, b"")
    assert left == [(8, 0, b"")] * max(0, len(bodies) - 1)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_frame_without_its_end_is_refused(number):
    whole = delivery(1, {}, b"x" * 150)
    ends = [at for at, byte in enumerate(whole) if byte == 0xCE]
    with pytest.raises(UnexpectedFrame):
        read_in([whole[: ends[number]] + b"\xcf" + whole[ends[number] + 1 :]])


BLOCKED = b"\x01\x00\x00\x00\x00\x00\x07\x00\x0a\x00\x3c\x02no\xce"


@pytest.mark.parametrize("between", [HEARTBEAT, BLOCKED], ids=["heartbeat", "blocked"])
@pytest.mark.parametrize("place", [1, 2, 3])
def test_what_comes_between_the_frames_of_a_message_is_no_part_of_it(between, place):
    """The message is py-amqp's then, frame by frame; the next one is ours again."""
    whole = delivery(1, {}, b"x" * 150)
    at = [at for at, byte in enumerate(whole) if byte == 0xCE][place - 1] + 1
    taken, left, rest = read_in([whole[:at] + between + whole[at:] + delivery(2, {}, b"y")])
    assert (taken, rest) == ([(2, {}, b"y")], b"")
    assert [kind for kind, *_ in left] == [*[1, 2, 3, 3][:place], between[0], *[1, 2, 3, 3][place:]]


def test_a_channel_that_is_closed_behind_half_a_message_is_closed_for_us(queue, amqp_url):
    """py-amqp reads on in its own buffer then: nothing of ours may stand there a second time."""
    queue.put_raw({"a": 1}, b"x" * 90_000)
    with suppress(amqp.exceptions.AMQPError), broker.channel(amqp_url) as channel:
        reader = frames.Reader(channel, lambda *_: None)
        channel.basic_consume(queue.name)
        reader.read(5)  # a socket gives at most 64 kB at once
        channel.basic_ack(999)  # of which the broker knows nothing
        with pytest.raises(amqp.exceptions.PreconditionFailed):
            wait_until(lambda: not reader.read(5))


@given(st.binary(min_size=1, max_size=60))
def test_whatever_stands_in_the_properties_is_left_to_py_amqp_or_read_whole(noise):
    whole = delivery(1, {"n": 1}, b"body")
    at = whole.index(b"\x20\x00") + 2
    broken = whole[:at] + noise[: len(whole) - at][: len(dumps("F", [{"n": 1}]))] + whole[at + len(noise) :]
    if len(broken) != len(whole) or broken.count(b"\xce") != whole.count(b"\xce"):
        return
    taken, left, _ = read_in([broken])
    assert len(taken) + bool(left) == 1


def test_py_amqp_finds_its_own_frames_where_we_have_stopped_reading(queue, amqp_url):
    """Half a message is left in py-amqp's own buffer, and it goes on from there."""
    queue.put_raw({"a": 1}, b"x" * 90_000)
    with broker.channel(amqp_url) as channel:
        found: list[Any] = []
        reader = frames.Reader(channel, lambda *_: found.append("read"))
        channel.basic_consume(queue.name, no_ack=True, callback=lambda _: found.append("py-amqp"))
        reader.read(5)  # a socket gives at most 64 kB at once
        wait_until(lambda: found or broker.tick(channel, 1))
    assert len(found) == 1
