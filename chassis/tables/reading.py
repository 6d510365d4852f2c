"""Reading a table, whatever it was written as."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from chassis.tables import csvs, ndjson, workbooks
from chassis.tables.media import CSV, NDJSON, XLSX

if TYPE_CHECKING:
    from chassis.tables.sheet import Reading


def read(media_type: str, file: IO[bytes], charset: str | None = None) -> Reading:
    """Return the table in a seekable file; `charset`: what a CSV file is said to be written in.

    Raises TableError, also in the middle of the rows. CPU-bound: not for a process that answers requests.
    """
    if media_type == CSV:
        return csvs.read(file, charset)
    return {NDJSON: ndjson.read, XLSX: workbooks.read}[media_type](file)
