"""Where mails end: postfix's smtp-sink where it is installed, else aiosmtpd with a handler that only counts.

`python -m bench.mails.sink --port … [--keep FILE]` is the latter; told to end, it says how many it took.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.backbone import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POSTFIX, OWN = "smtp-sink", "aiosmtpd"
_SIZE = struct.Struct(">I")
_COUNTED = re.compile(rb"mesg=(\d+)")


class Sink:
    """A sink's process; `count` is known once it has ended."""

    def __init__(self, name: str, port: int, folder: Path, keep: Path | None = None) -> None:
        """Start it; `keep`: into which file the mails go, which smtp-sink cannot."""
        self._log = folder / "sink.log"
        self.count = 0
        if name == POSTFIX:
            command = [str(postfix()), "-c", "-u", _who(), f"127.0.0.1:{port}", "1000"]
        else:
            command = [sys.executable, "-m", "bench.mails.sink", "--port", str(port)]
            command += ["--keep", str(keep)] if keep else []
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def end(self) -> None:
        """End it, and read its count."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=15)
        counted = _COUNTED.findall(self._log.read_bytes())
        self.count = int(counted[-1]) if counted else 0


@contextmanager
def running(name: str, port: int, folder: Path, keep: Path | None = None) -> Iterator[Sink]:
    """Give a sink that listens."""
    sink = Sink(name, port, folder, keep)
    try:
        wait_until(lambda: _listens(port), 20)
        yield sink
    finally:
        sink.end()


def postfix() -> str | None:
    """Return where smtp-sink is, if it is installed."""
    return shutil.which(POSTFIX, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def kept(file: Path) -> list[tuple[str, str, bytes]]:
    """Return what a sink has kept: senders, recipients and texts."""
    found, raw, at = [], file.read_bytes(), 0
    while at < len(raw):
        parts = []
        for _ in range(3):
            (size,) = _SIZE.unpack_from(raw, at)
            parts.append(raw[at + _SIZE.size : at + _SIZE.size + size])
            at += _SIZE.size + size
        found.append((parts[0].decode(), parts[1].decode(), parts[2]))
    return found


def _who() -> str:
    return os.environ.get("USER") or "root"


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class _Counter:
    """Accepts and counts; keeps the mails only for the round that measures nothing."""

    def __init__(self, keep: BinaryIO | None) -> None:
        self.count, self._keep = 0, keep

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        self.count += 1
        if self._keep:
            parts = (
                str(envelope.mail_from).encode(),
                envelope.rcpt_tos[0].encode(),
                envelope.original_content,
            )
            for part in parts:
                self._keep.write(_SIZE.pack(len(part or b"")) + bytes(part or b""))
        return "250 2.0.0 counted"


async def _serve(port: int, keep: BinaryIO | None) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    counter = _Counter(keep)
    server = await loop.create_server(lambda: SMTP(counter), "127.0.0.1", port)
    async with server:
        await stopped.wait()
    if keep:
        keep.close()
    sys.stdout.write(f"mesg={counter.count}\n")


def main() -> None:
    """Read the arguments and serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep", type=argparse.FileType("wb"))
    chosen = parser.parse_args()
    asyncio.run(_serve(chosen.port, chosen.keep))


if __name__ == "__main__":
    main()
