"""Reading CSV: separated by comma, semicolon or tab, in the encodings that spreadsheets write."""

from __future__ import annotations

import csv
import io
import re
from typing import IO, TYPE_CHECKING

from chassis.tables import encoding
from chassis.tables.cells import LONGEST_CELL, unguarded
from chassis.tables.faults import TableError
from chassis.tables.sheet import Reading, Row, header, row_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

LONGEST_ROW = 1_000_000  # characters, line ends within quotes included
_SEPARATORS = (",", ";", "\t")
_NOTHING = "".join(_SEPARATORS) + "\r\n "
_QUOTED = re.compile(r'"[^"]*"')


def read(file: IO[bytes], charset: str | None = None) -> Reading:
    """Return the table in a seekable file, which stays open; raises TableError.

    `charset`: the encoding's name for Python, where it is known; else it is found out.
    """
    name = charset or encoding.detect(file)
    file.seek(0)
    text = io.TextIOWrapper(file, name, newline="")
    try:
        number, names, records = _begin(_Lines(text))
    except BaseException:
        text.detach()
        raise
    return Reading(names, _rows(names, records, text), [], number)


def _begin(lines: _Lines) -> tuple[int, list[str], Iterator[tuple[int, list[str]]]]:
    """Return the number of the row of names, these, and the records below them."""
    first, number = _first_line(lines, 1)
    told = re.fullmatch(r"sep=(.)\r?\n?", first)  # what Excel writes before the header to be sure
    if told:
        first, number = _first_line(lines, number + 1)
    separator = told.group(1) if told else max(_SEPARATORS, key=_QUOTED.sub("", first).count)
    lines.put_back(first)
    csv.field_size_limit(LONGEST_CELL * 2)  # its own length is checked, and named, cell by cell
    records = _records(csv.reader(lines, delimiter=separator, strict=True), lines, number)
    number, cells = next(records, (number, []))
    return number, header(cells, number), records


def _first_line(lines: _Lines, number: int) -> tuple[str, int]:
    """Return the first line with anything but separators in it, and its number; row `number` is the next."""
    while not (first := next(lines, "").lstrip("\ufeff")).strip(_NOTHING) and first:
        lines.allowance = LONGEST_ROW
        number += 1
    return first, number


def _rows(
    names: list[str], records: Iterator[tuple[int, list[str]]], text: io.TextIOWrapper
) -> Generator[Row]:
    try:
        for number, cells in records:
            row = row_of(names, cells, number, {})
            if row:
                yield row
    finally:
        text.detach()  # closing the file is for whoever opened it


def _records(reader: Iterator[list[str]], lines: _Lines, number: int) -> Iterator[tuple[int, list[str]]]:
    """Give each record with its number, as a spreadsheet counts them."""
    while True:
        lines.allowance = LONGEST_ROW
        try:
            cells = next(reader, None)
        except csv.Error as fault:
            raise TableError(_said(str(fault)), number) from None
        except TableError as fault:
            raise TableError(fault.problem, number) from None
        if cells is None:
            return
        yield number, [unguarded(cell) for cell in cells]
        number += 1


def _said(fault: str) -> str:
    if "field larger" in fault:
        return f"has a cell of more than {2 * LONGEST_CELL} characters: is a quote not closed?"
    if "unexpected end" in fault:
        return "begins a quote that is never closed."
    if "expected after" in fault:
        return 'has a quote within a quoted cell: write it twice ("").'
    return f"cannot be read: {fault}."


class _Lines:
    """Lines of a text, none longer than what is allowed until the next record: memory stays bounded."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self.allowance = text, LONGEST_ROW
        self._back: str | None = None

    def __iter__(self) -> _Lines:
        return self

    def put_back(self, line: str) -> None:
        self._back = line

    def __next__(self) -> str:
        line, self._back = self._back, None
        if line is None:
            line = self._read()
        self.allowance -= len(line)
        if self.allowance < 0:
            raise TableError(f"has more than {LONGEST_ROW} characters: is a quote not closed?", 1)
        if not line:
            raise StopIteration
        return line

    def _read(self) -> str:
        try:
            return self._text.readline(self.allowance + 1)
        except UnicodeError:
            # some thousand bytes are decoded ahead of the line
            problem = (
                f"has, or one soon after it, bytes that are no text in {self._text.encoding}."
                " Save the file as UTF-8."
            )
            raise TableError(problem, 1) from None
