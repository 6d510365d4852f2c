"""Messages as frames of AMQP 0-9-1, many read or written at once; all other frames are py-amqp's.

py-amqp reads each frame with three calls and makes objects of all that is in it: for a small event that takes
longer than to handle it. Here the usual message is read from the bytes that the socket has. A message with
anything unusual about it, and whatever else the broker says, is handed to py-amqp frame by frame.
"""

from __future__ import annotations

from functools import cache
from struct import Struct, error
from typing import TYPE_CHECKING, Any, NamedTuple

from amqp.exceptions import UnexpectedFrame
from amqp.serialization import dumps

from chassis import turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Take = Callable[[int, dict[str, Any], bytes], None]  # delivery tag, headers, body

_FRAME, _BEGIN = Struct(">BHI"), 7  # type, channel, size; so many bytes
_CONTENT = Struct(">HHQH")  # class, weight, size of the body, which properties follow
_LONG, _INT, _LONG_LONG = Struct(">I"), Struct(">i"), Struct(">q")
_METHOD, _HEADER, _BODY, _END = 1, 2, 3, 0xCE
_BASIC, _DELIVER, _PUBLISH = 60, b"\x00\x3c\x00\x3c", b"\x00\x3c\x00\x28\x00\x00"
# Which properties a message has (a bit each, in the order in which they follow)
_CONTENT_TYPE, _ENCODING, _HEADERS, _MORE = 1 << 15, 1 << 14, 1 << 13, 1
_PUBLISHED = _CONTENT_TYPE | _HEADERS | 1 << 12 | 1 << 7 | 1 << 5  # and delivery mode, message id, type
_PERSISTENT = b"\x02"
_MANDATORY = 1
# Bytes. What is larger is not waited for as a whole here.
_LARGEST_BODY = 1 << 20
_READ = 1 << 16


class _UnusualError(Exception):
    """Something that py-amqp has to look at."""


class Reader:
    """Reads what the broker sends to the consumer on a connection with one channel."""

    def __init__(self, channel: Any, take: Take) -> None:
        """Name the channel, and who takes messages that are as usual: (delivery tag, headers, body)."""
        self._connection, self._take = channel.connection, take

    def read(self, timeout: float) -> bool:
        """Read what is there, waiting at most `timeout` seconds for something; tell if anything came.

        Raises one of BROKER_ERRORS when the connection is lost, and whatever py-amqp raises.
        """
        transport = self._connection.transport
        try:
            with transport.having_timeout(timeout) as sock:
                data = sock.recv(_READ)
        except TimeoutError:
            return False
        if not data:
            raise ConnectionResetError("the broker has closed the connection")
        self._connection.bytes_recv += 1
        transport._read_buffer += data
        while self._take_some():
            pass
        return True

    def _take_some(self) -> bool:
        """Take messages until something unusual comes, and let py-amqp have that; tell if there may be more.

        What py-amqp then reads itself it finds in its own buffer, behind the frame that it was given.
        """
        transport = self._connection.transport
        data, at = transport._read_buffer, 0
        try:
            while (through := self._message(data, at)) is not None:
                at = through
        except (_UnusualError, UnicodeDecodeError, IndexError, error):
            frame = _whole_frame(data, at)
        else:
            frame = None
        if frame is None:
            transport._read_buffer = data[at:]
            return False
        kind, channel, start, after = frame
        transport._read_buffer = data[after:]
        self._connection.on_inbound_frame((kind, channel, data[start : after - 1]))
        return True

    def _message(self, data: bytes, at: int) -> int | None:
        """Take the message that begins here and return its end; None if not all of it is there.

        Raises _UnusualError, or an error of reading, where something else begins here.
        """
        method = _whole_frame(data, at)
        if method is None:
            return None
        kind, channel, begins, after = method
        if kind != _METHOD or not data.startswith(_DELIVER, begins):
            raise _UnusualError
        header = _frame_of(_HEADER, channel, data, after)
        if header is None:
            return None
        _, _, start, after = header
        _, _, length, flags = _CONTENT.unpack_from(data, start)
        if length > _LARGEST_BODY:
            raise _UnusualError
        headers = _headers(data, start + _CONTENT.size, flags)
        body, through = _body(data, after, length, channel)
        if body is None:
            return None
        tag = begins + 4 + 1 + data[begins + 4]  # behind the method and the consumer's tag
        self._take(_LONG_LONG.unpack_from(data, tag)[0], headers, body)
        turns.passed()
        return through


# Type, channel, where what is in it begins, where the next one does; no object, for there are three a message
_Frame = tuple[int, int, int, int]


def _whole_frame(data: bytes, at: int) -> _Frame | None:
    """Return the frame that begins here, None if not all of it is there; raises UnexpectedFrame."""
    if at + _BEGIN > len(data):
        return None
    kind, channel, size = _FRAME.unpack_from(data, at)
    start, after = at + _BEGIN, at + _BEGIN + size + 1
    if after > len(data):
        return None
    if data[after - 1] != _END:
        raise UnexpectedFrame("a frame does not end where it says")
    return kind, channel, start, after


def _frame_of(kind: int, channel: int, data: bytes, at: int) -> _Frame | None:
    """Return a frame that has to follow; raises _UnusualError if another one has come between."""
    found = _whole_frame(data, at)
    if found and found[:2] != (kind, channel):
        raise _UnusualError
    return found


def _body(data: bytes, at: int, length: int, channel: int) -> tuple[bytes | None, int]:
    """Return a body and where the message ends; None if not all of it is there."""
    parts: list[bytes] = []
    while length > 0:
        frame = _frame_of(_BODY, channel, data, at)
        if frame is None:
            return None, at
        _, _, start, at = frame
        parts.append(data[start : at - 1])
        length -= len(parts[-1])
    if length < 0:
        raise _UnusualError
    return parts[0] if len(parts) == 1 else b"".join(parts), at


def _headers(data: bytes, at: int, flags: int) -> dict[str, Any]:
    """Read a message's headers; raises one of the errors of reading where they are not as usual."""
    if flags & _MORE:
        raise _UnusualError
    if flags & _CONTENT_TYPE:
        at += 1 + data[at]
    if flags & _ENCODING:
        at += 1 + data[at]
    if not flags & _HEADERS:
        return {}
    [size] = _LONG.unpack_from(data, at)
    return _table(data, at + 4, at + 4 + size)


def _table(data: bytes, at: int, end: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while at < end:
        name = at + 1
        at = name + data[at]
        key, kind = data[name:at].decode(), data[at]
        at += 1
        if kind == 0x53:  # S: a text
            [size] = _LONG.unpack_from(data, at)
            at += 4 + size
            found[key] = data[at - size : at].decode()
        elif kind in {0x6C, 0x4C}:  # l, L: a whole number of 64 bits
            [found[key]] = _LONG_LONG.unpack_from(data, at)
            at += 8
        elif kind == 0x49:  # I: one of 32 bits
            [found[key]] = _INT.unpack_from(data, at)
            at += 4
        elif kind == 0x74:  # t: a truth
            found[key] = data[at] != 0
            at += 1
        else:
            raise _UnusualError
    if at != end:
        raise _UnusualError
    return found


class Address(NamedTuple):
    """Where an event goes; `mandatory`: the broker returns it if no queue is bound."""

    exchange: str
    event_type: str
    mandatory: bool


def message(channel: Any, to: Address, headers: Mapping[str, Any], body: bytes) -> bytes:
    """Return the frames that publish a persistent event; its id is the one in its headers."""
    number, largest = channel.channel_id, channel.connection.frame_max - _BEGIN - 1
    event_id = headers["cloudEvents_id"].encode()
    properties = b"".join(
        (
            _CONTENT.pack(_BASIC, 0, len(body), _PUBLISHED),
            _JSON,
            _written(headers),
            _PERSISTENT,
            bytes((len(event_id),)),
            event_id,
            _short(to.event_type),
        )
    )
    pieces = (body,) if len(body) <= largest else _pieces(body, largest)
    return b"".join(
        (
            _publish(number, to),
            _frame(_HEADER, number, properties),
            *(_frame(_BODY, number, piece) for piece in pieces if piece),
        )
    )


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return b"%b%b\xce" % (_FRAME.pack(kind, channel, len(payload)), payload)


def _pieces(body: bytes, largest: int) -> list[bytes]:
    return [body[start : start + largest] for start in range(0, len(body), largest)]


@cache
def _publish(channel: int, to: Address) -> bytes:
    """Return the method that publishes; an exchange has some ten types of events."""
    bits = bytes((_MANDATORY if to.mandatory else 0,))
    return _frame(_METHOD, channel, _PUBLISH + _short(to.exchange) + _short(to.event_type) + bits)


@cache
def _short(text: str) -> bytes:
    written = text.encode()
    return bytes((len(written),)) + written


_JSON = _short("application/json")


def _written(headers: Mapping[str, Any]) -> bytes:
    """Return headers as a table, its size first."""
    parts: list[bytes] = []
    for name, value in headers.items():
        kind = type(value)
        if kind is str:
            text = value.encode()
            parts += (_short(name), b"S", _LONG.pack(len(text)), text)
        elif kind is int:
            parts += (_short(name), b"l", _LONG_LONG.pack(value))
        elif kind is bool:
            parts += (_short(name), b"t\x01" if value else b"t\x00")
        else:
            written: bytes = dumps("F", [dict(headers)])
            return written
    table = b"".join(parts)
    return _LONG.pack(len(table)) + table
