"""Open connections: how many there may be, and how long each may take for what it is doing.

A connection has one deadline, an attribute that costs nothing to move; one green thread looks at all of them.
A timeout for each read would let a client go on for ever that sends a byte now and then.
"""

from __future__ import annotations

import errno
import math
import resource
import socket
import struct
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from chassis.protection import within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = structlog.get_logger()

IDLE_SECONDS = 75.0  # longer than nginx keeps its connections: it must be the one who closes
HEAD_SECONDS = 10.0
BODY_SECONDS = 20.0
WRITE_SECONDS = 30.0  # for each piece of an answer
PIECE_BYTES = 65_536
SLOWEST_BYTES_A_SECOND = 16_384
_LOOK_SECONDS = 0.5
_FILES_FOR_OTHERS = 100  # database, broker, mail, logs
_RESET = struct.pack("ii", 1, 0)
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


@dataclass(eq=False, slots=True)
class Connection:
    """A client's connection; `phase`: idle, head, body, work or answer."""

    sock: Any
    address: str
    phase: str = "idle"
    deadline: float = math.inf
    late: bool = False

    def begin(self, phase: str, seconds: float = math.inf) -> None:
        """Begin something that may take so long."""
        self.phase, self.deadline = phase, time.monotonic() + seconds

    def expire(self) -> None:
        """End what takes too long: a reader meets the end of its input and can still answer."""
        self.late, self.deadline = True, math.inf
        with suppress(OSError):
            if self.phase == "answer":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.sock.shutdown(socket.SHUT_RDWR)
            else:
                self.sock.shutdown(socket.SHUT_RD)


class Door:
    """Lets connections in: so many in all, so many from one address that is no proxy of ours."""

    def __init__(self, most: int, most_of_one: int, is_proxy: Callable[[str], bool]) -> None:
        """Never take more than the process may have files."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = max(10, min(most, files - _FILES_FOR_OTHERS)) if files > 0 else most
        self._most_of_one, self._is_proxy = most_of_one, is_proxy
        self.open: set[Connection] = set()
        self._by_address: Counter[str] = Counter()

    def accept(self, listening: Any) -> Connection | None:
        """Return the next connection; None if it is not let in. Being out of files is no reason to die."""
        try:
            sock, address = listening.accept()
        except OSError as fault:
            if fault.errno not in _OUT_OF_FILES:
                raise
            time.sleep(0.05)
            return None
        return self._enter(sock, address[0])

    def _enter(self, sock: Any, address: str) -> Connection | None:
        if self._by_address[address] >= self._most_of_one and not self._is_proxy(address):
            sock.close()
            return None
        if len(self.open) >= self._most and not self._close_an_idle_one():
            sock.close()
            return None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock, address)
        self.open.add(connection)
        self._by_address[address] += 1
        return connection

    def _close_an_idle_one(self) -> bool:
        idle = [connection for connection in self.open if connection.phase == "idle" and not connection.late]
        if idle:
            min(idle, key=lambda connection: connection.deadline).expire()
        return bool(idle)

    def leave(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self.open.discard(connection)
        self._by_address[connection.address] -= 1
        if not self._by_address[connection.address]:
            del self._by_address[connection.address]

    def watch(self) -> None:
        """End what takes too long, for ever."""
        while True:
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            for connection in [each for each in self.open if each.deadline < now]:
                if connection.phase != "idle":
                    log.info("client_too_slow", phase=connection.phase)
                connection.expire()


def of(settings: Mapping[str, Any]) -> Door:
    """Return the door that config.Settings describe."""
    proxies = frozenset(settings["TRUSTED_PROXIES"])
    return Door(
        settings["MAX_CONNECTIONS"],
        settings["MAX_CONNECTIONS_PER_ADDRESS"],
        lambda address: within(address, proxies),
    )
