"""Reading a request's body within limits: on the wire, once unpacked, and in depth."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from chassis import errors
from chassis.nesting import DEEPEST, measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkzeug.wrappers import Request

MOST_BYTES = 1_000_000
# Items of lists and members of objects, in all: marshmallow looks at each, and each costs some microseconds
MOST_VALUES = 20_000
_PIECE = 65_536
# `wbits` of zlib: both kinds of wrapping, as RFC 9110 names them
_ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_ACCEPTED = {"Accept-Encoding": "gzip, deflate"}


def read_body(request: Request, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the body, unpacked; raises TooLarge, before reading where the length is told.

    Raises UnsupportedMediaType for an encoding that is not known, and Malformed for a body that ends before
    it should or cannot be unpacked.
    """
    environ = request.environ
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in {"", "identity", *_ENCODINGS}:
        raise errors.UnsupportedMediaType("This Content-Encoding is not supported.", headers=_ACCEPTED)
    raw = _read(environ, most_bytes)
    return _unpacked(raw, _ENCODINGS[encoding], most_bytes) if encoding in _ENCODINGS else raw


def _read(environ: dict[str, Any], most_bytes: int) -> bytes:
    length = environ.get("CONTENT_LENGTH") or "0"
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    if not chunked and not (length.isascii() and length.isdigit()):
        raise errors.Malformed("Content-Length is no number.")
    if not chunked and (len(length) > 15 or int(length) > most_bytes):
        raise _too_large(most_bytes)
    wanted = most_bytes + 1 if chunked else int(length)
    raw = take(environ["wsgi.input"], wanted) if wanted else b""
    if len(raw) > most_bytes:
        raise _too_large(most_bytes)
    if not chunked and len(raw) < wanted:
        raise errors.Malformed("The body is shorter than its Content-Length.")
    return raw


def take(source: Any, wanted: int) -> bytes:
    """Return so many bytes of a body, fewer only at its end; raises RequestTimeout or Malformed."""
    try:
        raw: bytes = source.read(wanted)
    except (OSError, ValueError):
        if source.late:
            raise errors.RequestTimeout from None
        raise errors.Malformed("The body ends before it should, or its chunks cannot be read.") from None
    if len(raw) < wanted and source.late:
        raise errors.RequestTimeout
    return raw


def _unpacked(raw: bytes, wbits: int, most_bytes: int) -> bytes:
    unpacked = bytearray()
    for piece in inflate([raw], wbits):
        unpacked += piece
        if len(unpacked) > most_bytes:
            raise _too_large(most_bytes)
    return bytes(unpacked)


def inflate(packed: Iterable[bytes], wbits: int = _ENCODINGS["gzip"]) -> Iterator[bytes]:
    """Unpack in pieces of bounded size: what grows a thousandfold is counted before it is there.

    Raises Malformed unless it is one packed stream, whole and alone: what is behind it must not be lost.
    """
    unpack = zlib.decompressobj(wbits)
    try:
        for raw in packed:
            left = raw
            while left and not unpack.eof:
                yield unpack.decompress(left, _PIECE)
                left = unpack.unconsumed_tail
            if left or unpack.unused_data:
                raise errors.Malformed("The packed body has an end, and something behind it.")
    except zlib.error:
        raise errors.Malformed("The body is not packed as its Content-Encoding says.") from None
    if not unpack.eof:
        raise errors.Malformed("The packed body has no end.")


def _too_large(most_bytes: int) -> errors.TooLarge:
    return errors.TooLarge(f"The body may have {most_bytes} bytes, also when it is unpacked.")


def refuse_shape(raw: bytes, most_values: int = MOST_VALUES, deepest: int = DEEPEST) -> int:
    """Return how many members JSON has, read off its text; asked before parsing.

    Raises TooLarge if more is in it than anything that is taken here has, Malformed if it is nested deeper.
    """
    values, members, too_deep = measured(raw, most_values, deepest)
    if values > most_values:
        raise errors.TooLarge(f"The body may have {most_values} items and members in all.")
    if too_deep:
        raise errors.Malformed(f"The body is not JSON: it is nested deeper than {deepest} levels.")
    return members
