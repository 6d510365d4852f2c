"""HTTP/1.1 as it comes over a connection: read strictly, within limits, each refusal a problem document.

eventlet reads a head with the standard library's parser for mails: that sees a line's end in a lone CR, and
takes half a head for a whole one when a client hangs up in the middle.
"""

from __future__ import annotations

import re
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from eventlet import wsgi
from nameko.web.server import HttpOnlyProtocol

from chassis import door, errors, heads, metrics
from chassis.chunks import Lines
from chassis.http.answering import problem_of
from chassis.ids import uuid7
from chassis.shields import shielded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chassis.door import Connection

log = structlog.get_logger()

MOST_LINE_BYTES = 8192  # the request's line, and each header
MOST_HEAD_BYTES = 16_384
MOST_HEADERS = 64
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 4_000_000
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\x00-\x08\x0a-\x1f\x7f]*)\r\n")


class _HungUp(Exception):  # noqa: N818  no error: what clients do
    """The client left in the middle of a head."""


class Wire(HttpOnlyProtocol):
    """One connection: requests one after the other."""

    def setup(self) -> None:
        """Know the connection's deadlines."""
        super().setup()
        self.seen: Connection = self.conn_state[3]

    def _read_request_line(self) -> bytes:
        """Wait for a request, then give its whole head some seconds."""
        self.seen.begin("idle", door.IDLE_SECONDS)
        try:
            if not self.rfile.peek(1):
                return b""
            self.seen.begin("head", door.HEAD_SECONDS)
            line: bytes = self.rfile.readline(MOST_LINE_BYTES + 1)
            if line == b"\r\n":  # behind the body before, from clients of old (RFC 9112, 2.2)
                line = self.rfile.readline(MOST_LINE_BYTES + 1)
        except OSError:
            return b""
        if len(line) > MOST_LINE_BYTES:
            self._refuse(errors.UriTooLong())
            return b""
        return line

    def parse_request(self) -> bool:
        """Read the head; returns whether there is a request to answer."""
        self.close_connection, self.requestline = True, ""  # a refusal ends the connection
        self.command, self.request_version, self.headers = "", "HTTP/1.1", heads.Fields()
        try:
            self._read_head()
        except errors.ProblemError as fault:
            self._refuse(fault)
            return False
        except (_HungUp, OSError):
            if self.seen.late:
                self._refuse(errors.RequestTimeout())
            return False
        self.seen.begin("work")
        return True

    def _read_head(self) -> None:
        found = heads.REQUEST.fullmatch(self.raw_requestline)
        if not found:
            if not self.raw_requestline.endswith(b"\n"):
                raise _HungUp
            raise errors.Malformed("The request's first line is none of HTTP/1.1.")
        method, target, minor = found.groups()
        self.command = method.decode()
        self.path = heads.path_in(target.decode("latin-1"))
        self.request_version = f"HTTP/1.{minor.decode()}"
        self.requestline = "-"  # for eventlet's log, which must not have it
        self._read_headers()
        heads.check(self.headers, self.request_version)
        wishes = self.headers.get("connection", "").lower()
        keeps = "close" not in wishes if minor == b"1" else "keep-alive" in wishes
        self.close_connection = not keeps

    def _read_headers(self) -> None:
        left, readline, fields = MOST_HEAD_BYTES, self.rfile.fp.readline, self.headers
        for _ in range(MOST_HEADERS + 1):
            line = readline(min(left, MOST_LINE_BYTES) + 1)
            if line == b"\r\n":
                return
            left -= len(line)
            found = _HEADER.fullmatch(line)
            if not found:
                raise self._unreadable(line, left)
            fields.add(found[1].decode(), found[2].strip(b" \t").decode("latin-1"))
        raise errors.HeadersTooLarge

    def _unreadable(self, line: bytes, left: int) -> Exception:
        if len(line) > MOST_LINE_BYTES or left < 0:
            return errors.HeadersTooLarge()
        return errors.Malformed("A header cannot be read.") if line.endswith(b"\n") else _HungUp()

    def get_environ(self) -> dict[str, Any]:
        """Return what the application gets; the body's reading is watched."""
        environ: dict[str, Any] = super().get_environ()
        environ["eventlet.input"].rfile = Lines(self.rfile)
        environ["wsgi.input"] = Body(environ["eventlet.input"], self.seen)
        environ["kedja.wire"] = self
        return environ

    def _refuse(self, fault: errors.ProblemError) -> None:
        """Answer what never becomes a request, and end."""
        correlation_id = str(uuid7())
        response = problem_of(fault, correlation_id)
        response.headers["X-Correlation-ID"] = correlation_id
        head = shielded([*response.headers.items(), ("Connection", "close")])
        lines = [f"HTTP/1.1 {response.status}", *(f"{name}: {value}" for name, value in head), "", ""]
        self.close_connection = True
        self.seen.begin("answer", door.WRITE_SECONDS)
        metrics.HTTP.labels(route="none", method="any", status=fault.status).observe(0)
        log.info("request_refused", status=fault.status, correlation_id=correlation_id)
        with suppress(OSError):
            self.wfile.write("\r\n".join(lines).encode() + response.get_data())
            self.linger()

    def linger(self) -> None:
        """Let the client finish sending for a moment: a reset would take the answer from it."""
        self.wfile.flush()
        self.seen.begin("answer", _LINGER_SECONDS)
        self.connection.shutdown(socket.SHUT_WR)
        left = _LINGER_BYTES
        while left > 0 and (read := self.connection.recv(door.PIECE_BYTES)):
            left -= len(read)

    def finish(self) -> None:
        """End; what the client still sends of a body that nobody reads is let past."""
        if getattr(self, "unread", False):
            with suppress(OSError, ValueError):
                self.linger()
        with suppress(OSError):
            super().finish()


class Body:
    """A request's body; all of it has to come within a time that its length allows."""

    def __init__(self, source: Any, connection: Connection) -> None:
        """Read from eventlet's input; the time begins with the first read."""
        self._source, self._connection = source, connection
        self._began, self._read = 0.0, 0

    def read(self, size: int) -> bytes:
        """Return `size` bytes; fewer only at the end, or when time is over."""
        self._began = self._began or time.monotonic()
        pieces = []
        while size > 0 and (piece := self._piece(min(size, door.PIECE_BYTES))):
            pieces.append(piece)
            size -= len(piece)
        self._connection.begin("work")
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        allowed = door.BODY_SECONDS + (self._read + size) / door.SLOWEST_BYTES_A_SECOND
        self._connection.begin("body", self._began + allowed - time.monotonic())
        data: bytes = self._source.read(size)
        self._read += len(data)
        return data

    @property
    def late(self) -> bool:
        """Tell whether the time was over before the body's end."""
        return self._connection.late

    @property
    def left(self) -> bool:
        """Tell whether something was not read that is more than worth waiting for."""
        source = self._source
        if source.chunked_input:
            return bool(source.chunk_length)
        return bool(source.content_length - source.position > door.PIECE_BYTES)


class Shield:
    """Between server and application: headers on every answer, its pieces and their deadlines."""

    def __init__(self, app: Any) -> None:
        """Wrap an application."""
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        wire, body = environ["kedja.wire"], environ["wsgi.input"]

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if body.left:
                wire.close_connection = wire.unread = True
            return start_response(status, shielded(headers), exc_info)

        return _Pieces(self._app(environ, start), wire.seen)


class _Pieces:
    """An answer in pieces, each of which must have gone within its time before the next is asked for."""

    def __init__(self, answer: Any, connection: Connection) -> None:
        self._answer, self._connection = answer, connection

    def __iter__(self) -> Iterator[bytes]:
        for data in self._answer:
            for start in range(0, len(data), door.PIECE_BYTES):
                self._connection.begin("answer", door.WRITE_SECONDS)
                yield data[start : start + door.PIECE_BYTES]
            self._connection.begin("work")
        self._connection.begin("answer", door.WRITE_SECONDS)

    def close(self) -> None:
        close = getattr(self._answer, "close", None)
        if close:
            close()


def server(sock: Any, app: Any) -> Any:
    """Return eventlet's server of an application; times are the door's, lines and heads are measured here."""
    return wsgi.Server(
        sock,
        sock.getsockname(),
        Shield(app),
        protocol=Wire,
        log=structlog.get_logger(),
        log_output=False,
        debug=False,
        url_length_limit=10 * MOST_LINE_BYTES,
        socket_timeout=None,
    )


def state_of(connection: Connection) -> list[Any]:
    """Return a connection as eventlet passes it to the protocol."""
    return [(connection.address, 0), connection.sock, wsgi.STATE_IDLE, connection]
