"""Connections as no library makes them, and a service that is quick to lose patience."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests import harness, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = b"/api/v1/things"


@dataclass
class Answer:
    """What came back: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> str:
        """The name of the problem that the answer is about."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.headers["x-correlation-id"]
        document = json.loads(self.body)
        assert document["status"] == self.status
        return str(document["type"]).rpartition(":")[2]


class Client:
    """A connection of its own, from an address of one's choice within 127.0.0.0/8."""

    def __init__(self, address: str, source: str = "127.0.0.1") -> None:
        host, _, port = address.rpartition(":")
        self.sock = socket.create_connection((host, int(port)), timeout=20, source_address=(source, 0))
        self.file = self.sock.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def trickle(self, data: bytes, pause: float = 0.1) -> float:
        """Send byte by byte until the other side has had enough; return after how many seconds that was."""
        began = time.monotonic()
        try:
            for byte in data:
                self.sock.sendall(bytes([byte]))
                self.sock.settimeout(pause)
                if self._spoken_to():
                    break
        except OSError:
            pass
        self.sock.settimeout(20)
        return time.monotonic() - began

    def _spoken_to(self) -> bool:
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        return True

    def answer(self) -> Answer:
        """Read one answer."""
        line = self.file.readline()
        assert line.startswith(b"HTTP/1.1 "), line
        headers = {}
        while (header := self.file.readline().strip()) != b"":
            name, _, value = header.decode("latin-1").partition(": ")
            headers[name.lower()] = value
        return Answer(int(line.split()[1]), headers, self.file.read(int(headers.get("content-length", 0))))

    def ended(self) -> bool:
        """Wait for the end of the connection; True if nothing came before."""
        try:
            return self.file.read() == b""
        except ConnectionResetError:
            return True


def head(method: bytes, path: bytes = b"/things", *headers: bytes, token: bool = True) -> bytes:
    """Return a request's head."""
    lines = [method + b" " + BASE + path + b" HTTP/1.1", b"Host: things", *headers]
    if token:
        lines.append(b"Authorization: " + tokens.OFFICE["Authorization"].encode())
    return b"\r\n".join([*lines, b"", b""])


def service(
    running: harness.Platform,
    folder: Path,
    dsn: str,
    module: str = "tests.chassis.extra.hasty",
    **settings: str,
) -> Iterator[harness.Platform]:
    """Run another process of the tests' own service, on the database and broker of the one that runs."""
    env = running.env["things"]
    urls = {"things": {"DATABASE_URL": dsn, "AMQP_URL": env["AMQP_URL"]}}
    other = harness.Platform(urls, folder, module)
    other.env["things"] |= {"THINGS_TOPOLOGY": env["THINGS_TOPOLOGY"], **settings}
    try:
        other.start("things")
        other.await_ready("things")
        yield other
    finally:
        for name in list(other.processes):
            other.stop(name)
        other.smtp.loop.close()  # its mail server was never started
