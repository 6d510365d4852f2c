"""Writing a table piece by piece: a piece may be sent before the next rows are known."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Protocol, Self

import orjson

from chassis import outbox
from chassis.tables.cells import guarded, plain
from chassis.tables.media import CSV, NDJSON, XLSX
from chassis.tables.workbook_process import WorkbookWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from marshmallow import Schema


class Writer(Protocol):
    """A table being written. Leaving its `with` block in the middle ends whatever works for it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None:
        """Do what leaving the block does."""

    def head(self) -> bytes:
        """Return what comes before the first row."""

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Return these rows; empty where the format gives nothing before its end."""

    def ending(self) -> Iterator[bytes]:
        """Give what comes after the last row, in pieces of bounded size."""

    def end(self) -> bytes:
        """Return the whole ending; a workbook's is the file itself: prefer `ending` where it may be large."""


def writer(media_type: str, columns: Sequence[str]) -> Writer:
    """Return a writer of one of `MEDIA_TYPES`; rows are mappings, missing columns are empty."""
    kinds: dict[str, Any] = {CSV: CsvWriter, NDJSON: NdjsonWriter, XLSX: WorkbookWriter}
    made: Writer = kinds[media_type](columns)
    return made


def columns_of(schema: type[Schema]) -> list[str]:
    """Return the columns of a table whose rows a schema dumps; what is nested becomes JSON in one cell."""
    return [field.data_key or name for name, field in schema().dump_fields.items()]


def example_of(media_type: str, schema: type[Schema]) -> str:
    """Return a table of the schema's example, in one of the text formats."""
    row: Mapping[str, Any] = getattr(schema, "example")  # noqa: B009  only documented schemas have one
    with writer(media_type, [name for name in columns_of(schema) if name in row]) as table:
        return (table.head() + table.rows([row])).decode()


class _Plain:
    """What the text formats have in common: nothing to end."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass

    def ending(self) -> Iterator[bytes]:
        yield from ()

    def end(self) -> bytes:
        return b""


class CsvWriter(_Plain):
    """RFC 4180, UTF-8, comma; every text guarded against being run as a formula."""

    def head(self) -> bytes:
        """Return the names of the columns."""
        return _csv([self._columns])

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Return a line per row."""
        return _csv([[_cell(row.get(column)) for column in self._columns] for row in rows])


class NdjsonWriter(_Plain):
    """A JSON object a line, with the columns that the row has."""

    def head(self) -> bytes:
        """Return nothing: each line names its columns."""
        return b""

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Return a line per row."""
        return b"".join(map(self._line, rows))

    def _line(self, row: Mapping[str, Any]) -> bytes:
        shown = {column: row[column] for column in self._columns if column in row}
        return orjson.dumps(shown, default=outbox.number, option=orjson.OPT_APPEND_NEWLINE)


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    cell = plain(value)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return guarded(cell) if isinstance(cell, str) else str(cell)
