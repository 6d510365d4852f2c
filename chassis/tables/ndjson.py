"""Reading NDJSON: one JSON object a line, in UTF-8."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import orjson

from chassis import sql
from chassis.nesting import DEEPEST, deeper
from chassis.tables.faults import TableError
from chassis.tables.sheet import Reading, Row

if TYPE_CHECKING:
    from collections.abc import Generator

LONGEST_LINE = 1_000_000  # bytes


def read(file: IO[bytes]) -> Reading:
    """Return the rows of a file, each of which names its own columns; raises TableError."""
    return Reading(None, _rows(file), [])


def _rows(file: IO[bytes]) -> Generator[Row]:
    file.seek(0)
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise TableError(f"has more than {LONGEST_LINE} bytes.", number)
        if line.strip(b"\xef\xbb\xbf\r\n\t "):
            yield _row(line.removeprefix(b"\xef\xbb\xbf"), number)


def _row(line: bytes, number: int) -> Row:
    if deeper(line):
        return Row(number, {}, {"": f"The line is nested deeper than {DEEPEST} levels."})
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        return Row(number, {}, {"": f"The line is not JSON: {fault}"})
    if not isinstance(values, dict):
        return Row(number, {}, {"": "The line is not a JSON object."})
    if sql.has_nul(line):
        return Row(number, {}, {"": "Holds the character U+0000, which cannot be stored."})
    return Row(number, {name: value for name, value in values.items() if value is not None}, {})
