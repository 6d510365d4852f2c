"""Files as request bodies: read piece by piece, never whole in memory, outside the request's transaction.

An endpoint declares `body=Upload(…)`; its `call.body` is then what `keep` made of the pieces, and a Received.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chassis.bodies import inflate, take
from chassis.errors import Malformed, TooLarge, UnsupportedMediaType
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from uuid import UUID

    from werkzeug.wrappers import Request

    from chassis.access import Identity
    from chassis.db import Database, Transaction
    from chassis.http.call import Call

_READ = 1 << 16
_PIECE = 1 << 19


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has arrived whole and lies in pieces under its id."""

    file_id: UUID
    media_type: str
    size: int  # bytes, unpacked
    digest: bytes  # SHA-256, unpacked: by it a file that is sent again is known
    charset: str | None = None  # Python's name for what its Content-Type says, if that says any


@dataclass(frozen=True, slots=True)
class Upload:
    """A body of one of these media types, plain or gzip, of at most so many bytes, also unpacked.

    keep: (tx, file id, position from 0, bytes); forget: (tx, file id), for a file that does not arrive.
    admit: (tx, who sends), before a byte is read; raises a ProblemError for a file too many.
    charset: (media type, its charset) -> the encoding's name for Python; raises UnsupportedMediaType.
    examples: media type -> what kind of file -> its text.
    """

    media_types: tuple[str, ...]
    most_bytes: int
    keep: Callable[[Transaction, UUID, int, bytes], Any]
    forget: Callable[[Transaction, UUID], Any]
    admit: Callable[[Transaction, Identity], None] = lambda _tx, _actor: None
    charset: Callable[[str, str], str | None] = lambda _media_type, _charset: None
    examples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def check(self, request: Request) -> None:
        """Refuse by the headers alone what need not be sent at all."""
        if request.mimetype not in self.media_types:
            raise UnsupportedMediaType(f"Send one of: {', '.join(self.media_types)}.")
        self.charset_of(request)
        if request.headers.get("Content-Encoding", "identity").lower() not in {"identity", "gzip"}:
            raise UnsupportedMediaType("Content-Encoding may be gzip, or absent.")
        if (request.content_length or 0) > self.most_bytes:
            raise TooLarge(self._limit())

    def charset_of(self, request: Request) -> str | None:
        """Return the encoding that the Content-Type names, if it names any."""
        named = request.mimetype_params.get("charset")
        return self.charset(request.mimetype, named) if named else None

    def receive(self, request: Request, db: Database) -> Received:
        """Keep the body, each piece in a transaction of its own: a slow sender holds none open."""
        self.check(request)
        file_id, digest, size = uuid7(), hashlib.sha256(), 0
        try:
            for position, piece in enumerate(_pieces(self._unpacked(request))):
                digest.update(piece)
                size += len(piece)
                with db.transaction() as tx:
                    self.keep(tx, file_id, position, piece)
        except BaseException:
            with db.transaction() as tx:
                self.forget(tx, file_id)
            raise
        return Received(file_id, request.mimetype, size, digest.digest(), self.charset_of(request))

    def _unpacked(self, request: Request) -> Iterator[bytes]:
        packed = request.headers.get("Content-Encoding", "").lower() == "gzip"
        size = 0
        for piece in inflate(_raw(request)) if packed else _raw(request):
            size += len(piece)
            if size > self.most_bytes:
                raise TooLarge(self._limit())
            yield piece

    def _limit(self) -> str:
        return f"A file may have {self.most_bytes} bytes, unpacked as well."


def received(declared: Any, request: Request, read: Callable[[], Call], db: Database) -> Callable[[], Call]:
    """Return what gives the call; where the endpoint takes a file, that has arrived by then."""
    if not isinstance(declared, Upload):
        return read
    call = read()  # what is wrong with the rest is told before the file is taken in
    with db.transaction(reads=True) as tx:
        declared.admit(tx, call.actor)
    file = declared.receive(request, db)
    return lambda: replace(call, body=file, raw=file.digest)


def _raw(request: Request) -> Iterator[bytes]:
    """Give the body as it is sent; refuse one that breaks off: half a file must not pass for a whole one."""
    source = request.environ["wsgi.input"]
    chunked = "HTTP_TRANSFER_ENCODING" in request.environ
    left = None if chunked else request.content_length or 0
    while left != 0:
        raw = take(source, _READ if left is None else min(_READ, left))
        if not raw:
            break
        left = None if left is None else left - len(raw)
        yield raw
    if left:
        raise Malformed("The body is shorter than its Content-Length.")


def _pieces(parts: Iterator[bytes]) -> Iterator[bytes]:
    kept = bytearray()
    for part in parts:
        kept += part
        if len(kept) >= _PIECE:
            yield bytes(kept)
            kept.clear()
    if kept:
        yield bytes(kept)
