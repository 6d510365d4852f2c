"""Writing workbooks in a process of its own: the library's work would stop a process of green threads."""

from __future__ import annotations

import sys
from subprocess import PIPE, Popen
from typing import IO, TYPE_CHECKING, Any, Self

import orjson

from chassis.tables.cells import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PIECE = 1 << 16
_WORKER = "chassis.tables.workbook_worker"


class WorkbookWriter:
    """A workbook: nothing comes out before its end."""

    def __init__(self, columns: Sequence[str]) -> None:
        """Start the process."""
        self._columns = list(columns)
        self._process: Popen[bytes] = Popen([sys.executable, "-m", _WORKER], stdin=PIPE, stdout=PIPE)
        self._send(self._columns)

    def __enter__(self) -> Self:
        """Give the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process if it still works."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()
        self._process.wait()

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
        stdout = self._process.stdout
        while stdout is not None and (piece := stdout.read(_PIECE)):
            yield piece
        if self._process.wait():
            raise RuntimeError("the workbook's process has failed")

    def end(self) -> bytes:
        """Return the file."""
        return b"".join(self.ending())

    @property
    def _stdin(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise RuntimeError("the workbook's process has no input")
        return self._process.stdin

    def _send(self, value: object) -> None:
        self._stdin.write(orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE))
        self._stdin.flush()
