"""Reading a table, whatever it was written as."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from chassis.tables import csvs, ndjson, workbooks
from chassis.tables.media import CSV, NDJSON, XLSX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.tables.sheet import Row

_READERS = {CSV: csvs.read, NDJSON: ndjson.read, XLSX: workbooks.read}


def read(media_type: str, file: IO[bytes]) -> tuple[list[str] | None, Iterator[Row]]:
    """Return the columns (None where each row names its own) and the rows of a seekable file.

    Raises TableError, also in the middle of the rows. CPU-bound: not for a process that answers requests.
    """
    return _READERS[media_type](file)
