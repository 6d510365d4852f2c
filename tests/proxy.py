"""A TCP proxy between a service and what it stands on: it can cut, refuse and stall."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing sends RST, as a machine that died would
_CHUNK = 65536


class Proxy:
    """Listens on a loopback port and passes bytes to and from the server of `url`."""

    def __init__(self, url: str) -> None:
        """Begin to listen; `self.url` is `url` by way of the proxy."""
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._server = parts.hostname, parts.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        self.url = parts._replace(netloc=f"{login}127.0.0.1:{self._port}").geturl()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._left: int | None = None  # bytes that clients may still send before everything is cut
        self.passed = 0  # bytes that clients have sent
        self.accepted = 0  # connections so far
        self._accept()

    def __enter__(self) -> Proxy:
        """Return the proxy."""
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: object, trace: TracebackType | None) -> None:
        """Close everything."""
        self.refuse()

    @property
    def connections(self) -> int:
        """How many connections pass through at present."""
        return len(self._sockets) // 2

    def cut(self) -> None:
        """End every connection as if a machine had died, with what it held; new ones are taken."""
        with self._lock:
            cut, self._sockets = self._sockets, set()
            self._left = None
        for sock in cut:
            _end(sock)
        self._flowing.set()

    def cut_after(self, count: int) -> None:
        """Cut once clients have sent so many bytes more."""
        with self._lock:
            self._left = count

    def refuse(self) -> None:
        """Cut, and refuse new connections until `restore`."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def restore(self) -> None:
        """Take connections again, on the same port."""
        if self._listener.fileno() == -1:
            self._listener = socket.create_server(("127.0.0.1", self._port))
            self._accept()

    def stall(self) -> None:
        """Let nothing pass, and end nothing."""
        self._flowing.clear()

    def resume(self) -> None:
        """Let bytes pass again."""
        self._flowing.set()

    def _accept(self) -> None:
        threading.Thread(target=self._take, args=[self._listener], daemon=True).start()

    def _take(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self.accepted += 1
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._server)
        except OSError:
            _end(client)
            return
        with self._lock:
            self._sockets |= {client, server}
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=self._pass, args=[source, target, source is client], daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, from_client: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._flowing.wait()
                target.sendall(self._allowed(data) if from_client else data)
                if self._left == 0:
                    self.cut()
        with self._lock:
            self._sockets -= {source, target}
        _end(source)
        _end(target)

    def _allowed(self, data: bytes) -> bytes:
        with self._lock:
            if self._left is not None:
                data = data[: self._left]
                self._left -= len(data)
            self.passed += len(data)
        return data


def _end(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
