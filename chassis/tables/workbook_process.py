"""Writing workbooks in a process of its own: the library's work would stop a process of green threads.

There are few of them, and whatever else wants the processor goes first. What comes out is kept in a file: who
reads slowly keeps no process.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from threading import Semaphore
from typing import IO, TYPE_CHECKING, Any, Self

import orjson

from chassis import errors
from chassis.tables.cells import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PIECE = 1 << 16
_WORKER = "chassis.tables.workbook_worker"
MOST_PROCESSES = 2  # of one service: more would only share what two have
_WAIT_SECONDS = 5.0
_NICENESS = 19
_places = Semaphore(MOST_PROCESSES)


class WorkbookWriter:
    """A workbook: nothing comes out before its end."""

    def __init__(self, columns: Sequence[str]) -> None:
        """Start the process; raises Unavailable while others write as many workbooks as may be."""
        self._columns = list(columns)
        if not _places.acquire(timeout=_WAIT_SECONDS):
            raise errors.Unavailable("Other workbooks are being written. CSV and NDJSON can be had at once.")
        self._holds_place = True
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115  `close` closes it
        try:
            self._process: Popen[bytes] = Popen(
                [sys.executable, "-m", _WORKER], stdin=PIPE, stdout=self._file
            )
        except BaseException:
            self._leave()
            raise
        with suppress(OSError):  # it may be over already
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICENESS)
        self._send(self._columns)

    def __enter__(self) -> Self:
        """Give the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process if it still works."""
        self.close()

    def close(self) -> None:
        """End the process if it still works; once is enough."""
        self._process.kill()
        with suppress(OSError):
            self._stdin.close()
        self._process.wait()
        self._file.close()
        self._leave()

    def head(self) -> bytes:
        """Return nothing yet."""
        return b""

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Hand the rows over; nothing comes out yet."""
        self._send([[plain(row.get(column)) for column in self._columns] for row in rows])
        return b""

    def ending(self) -> Iterator[bytes]:
        """Give the file in pieces; raises RuntimeError if the process has failed."""
        self._stdin.close()
        if self._process.wait():
            raise RuntimeError("the workbook's process has failed")
        self._leave()
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece

    def end(self) -> bytes:
        """Return the file."""
        return b"".join(self.ending())

    def _leave(self) -> None:
        if self._holds_place:
            self._holds_place = False
            _places.release()

    @property
    def _stdin(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise RuntimeError("the workbook's process has no input")
        return self._process.stdin

    def _send(self, value: object) -> None:
        self._stdin.write(orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE))
        self._stdin.flush()
