"""A job's file on the worker's disk: read to its end before a row is applied, then given in chunks."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import orjson

from chassis import sql
from chassis.imports.loading import check_columns, load
from chassis.tables import TableError
from chassis.tables.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.imports.kinds import Fault, ImportKind, Job, Parsed
    from chassis.tables import Row

queries: Any = sql.load(__file__)

CHUNK = 500
MOST_ROWS = 1_000_000


@contextmanager
def spooled(conn: Transaction, kind: ImportKind, job: Job) -> Iterator[Spool]:
    """Give a job's rows; raises TableError if its file cannot be read to its end."""
    with tempfile.TemporaryFile() as kept:
        with tempfile.TemporaryFile() as file:
            _fetch(conn, job.job_id, file)
            columns, rows = read(job.media_type, file)
            if columns is not None:
                check_columns(kind, columns)
            total = _keep(rows, kept)
        yield Spool(kind, kept, total)


def _keep(rows: Iterator[Row], kept: IO[bytes]) -> int:
    """Write rows down, and return how many there are."""
    total = 0
    for total, row in enumerate(rows, 1):
        if total > MOST_ROWS:
            raise TableError(f"The file has more than {MOST_ROWS} rows: send it in parts.")
        kept.write(orjson.dumps(tuple(row), option=orjson.OPT_APPEND_NEWLINE))
    if not total:
        raise TableError("The file has no rows.")
    return total


class Spool:
    """The rows of a file, on disk."""

    def __init__(self, kind: ImportKind, rows: IO[bytes], total: int) -> None:
        """Take over what was written down."""
        self._kind, self._rows, self.total = kind, rows, total

    def chunks(self, after: int) -> Iterator[list[tuple[int, Parsed | list[Fault]]]]:
        """Give (row number, values or faults) of the rows after one, so many at a time."""
        self._rows.seek(0)
        rows = map(orjson.loads, self._rows)
        left = (row for row in rows if row[0] > after)
        while chunk := list(islice(left, CHUNK)):
            yield [(number, load(self._kind, number, cells, wrong)) for number, cells, wrong in chunk]


def _fetch(conn: Transaction, job_id: UUID, file: IO[bytes]) -> None:
    position = 0
    while True:
        with conn:
            piece = queries.chunk(conn, job_id=job_id, position=position)
        if piece is None:
            return
        file.write(piece)
        position += 1
