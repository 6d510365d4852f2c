"""A job's file on the worker's disk: read to its end before a row is applied, then given in chunks."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import orjson

from chassis import sql
from chassis.imports import budget
from chassis.imports.applying import OvertakenError
from chassis.imports.loading import check_columns, load
from chassis.tables import TableError
from chassis.tables.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.imports.kinds import Fault, ImportKind, Job, Parsed
    from chassis.tables import Reading, Row

queries: Any = sql.load(__file__)

CHUNK = 500
MOST_ROWS = 1_000_000
MOST_SPOOLED = 1 << 30  # bytes on disk: a workbook names a long text once and may use it a million times
# Of the processor's time. A million rows of a dozen cells take five minutes as a workbook, one as CSV.
OPENING_SECONDS = 120.0
READING_SECONDS = 1200.0
UNDERSTANDING_SECONDS = 60.0  # a chunk of rows, for what takes a tenth of one
_LOOK_SECONDS = 0.1  # the end of that time may be told to another thread than the one that waits: it looks
_TELL_SECONDS = 1.0


@contextmanager
def spooled(conn: Transaction, kind: ImportKind, job: Job) -> Iterator[Spool]:
    """Give a job's rows; raises TableError if its file cannot be read, OutOfTimeError if not soon enough."""
    with tempfile.TemporaryFile() as kept:
        with tempfile.TemporaryFile() as file:
            _fetch(conn, job.job_id, file)
            with budget.at_most(OPENING_SECONDS, "Opening the file"):
                table = read(job.media_type, file, job.charset)
                if table.columns is not None:
                    check_columns(kind, table.columns, table.header)
            with closing(table.rows) as rows, budget.at_most(READING_SECONDS, "Reading the file"):
                total, last = _keep(rows, kept, _Progress(conn, job.job_id))
        yield Spool(kind, kept, table, total, last)


def _keep(rows: Iterator[Row], kept: IO[bytes], told: Callable[[int], None]) -> tuple[int, int]:
    """Write rows down; return how many there are, and the last one's number."""
    total = size = 0
    for total, row in enumerate(rows, 1):
        if total > MOST_ROWS:
            raise TableError(f"The file has more than {MOST_ROWS} rows: send it in parts.")
        size += kept.write(orjson.dumps(tuple(row), option=orjson.OPT_APPEND_NEWLINE))
        if size > MOST_SPOOLED:
            raise TableError(f"The file's rows have more than {MOST_SPOOLED} bytes: send it in parts.")
        if total % CHUNK == 0:
            told(total)
    if not total:
        raise TableError("The file has no rows.")
    return total, row.number


class _Progress:
    """Tells how many rows have been read, about once a second; notices that the job was cancelled."""

    def __init__(self, conn: Transaction, job_id: UUID) -> None:
        self._conn, self._job_id = conn, job_id
        self._next = time.monotonic() + _TELL_SECONDS

    def __call__(self, rows: int) -> None:
        if time.monotonic() < self._next:
            return
        with self._conn:
            goes_on = queries.note_read(self._conn, job_id=self._job_id, rows=rows)
        if not goes_on:
            raise OvertakenError
        self._next = time.monotonic() + _TELL_SECONDS


class Spool:
    """The rows of a file, on disk."""

    def __init__(self, kind: ImportKind, rows: IO[bytes], table: Reading, total: int, last: int) -> None:
        """Take over what was written down; `last`: the number of the last row."""
        self._over = False
        self._kind, self._rows, self._serials = kind, rows, table.serials
        self.notes, self.total, self.last = table.notes, total, last

    def chunks(self, after: int) -> Generator[list[tuple[int, Parsed | list[Fault]]], None, None]:
        """Give (row number, values or faults) of the rows after one, so many at a time.

        The next ones are read while the last are applied: who applies waits for the database half the time.
        Raises OutOfTimeError where they take too long to be understood. Close it: then nobody reads any more.
        """
        self._over, read = False, self._read(after)
        with ThreadPoolExecutor(1) as reader:
            try:
                coming = reader.submit(next, read, None)
                while chunk := _awaited(coming, after):
                    coming = reader.submit(next, read, None)
                    yield chunk
                    after = chunk[-1][0]
            finally:
                self._over = True

    def _read(self, after: int) -> Iterator[list[tuple[int, Parsed | list[Fault]]]]:
        self._rows.seek(0)
        rows = map(orjson.loads, self._rows)
        left = (row for row in rows if row[0] > after)
        while chunk := list(islice(left, CHUNK)):
            yield [
                (number, load(self._kind, number, cells, wrong, serials=self._serials))
                for number, cells, wrong in chunk
                if not self._over  # no thread can be stopped from outside
            ]


def _awaited(coming: Future[Any], after: int) -> Any:
    """Return what comes, unless that takes more of the processor's time than it may."""
    with budget.at_most(UNDERSTANDING_SECONDS, f"Understanding the rows after {after}"):
        while not coming.done():
            wait([coming], timeout=_LOOK_SECONDS)
        return coming.result()


def _fetch(conn: Transaction, job_id: UUID, file: IO[bytes]) -> None:
    position = 0
    while True:
        with conn:
            piece = queries.chunk(conn, job_id=job_id, position=position)
        if piece is None:
            return
        file.write(piece)
        position += 1
