"""Reading workbooks (XLSX): the first visible sheet's cells as texts; no formula is evaluated."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900

from chassis.tables import bombs
from chassis.tables.cells import text_of, untyped
from chassis.tables.faults import TableError
from chassis.tables.sheet import MOST_COLUMNS, Reading, Row, header, row_of
from chassis.tables.sheet_xml import SheetRows

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

_FORMULA = "Holds a formula, which is not evaluated: paste its value instead."
_ROUNDED = "Holds a number of more than 15 digits, which spreadsheets round: enter it as text."
_EXACT = 10**15


def read(file: IO[bytes]) -> Reading:
    """Return the first visible sheet; raises TableError."""
    bombs.refuse(file)
    file.seek(0)
    book = _opened(file)
    sheet, notes = _chosen(book)
    sheet_rows = SheetRows(sheet)
    records = iter(sheet_rows)
    filled = (row for row in records if any(_text(cell).strip() for cell in row[1].values()))
    number, cells = next(filled, (1, {}))
    names = header([_text(cell) for cell in _in_line(cells)], number)
    rows = _rows(names, records, sheet_rows, number, notes)
    return Reading(names, rows, notes, number, serials=book.epoch == CALENDAR_WINDOWS_1900)


def _opened(file: IO[bytes]) -> Any:
    try:
        return load_workbook(file, read_only=True, keep_links=False)
    except MemoryError:
        raise
    except Exception as fault:  # whatever the library meets in a broken file, it is the file's
        raise TableError(f"The file cannot be read as a workbook (XLSX): {fault!r:.100}") from fault


def _chosen(book: Any) -> tuple[Any, list[str]]:
    """Return the first visible sheet, and which one that is if there are several."""
    sheets = book.worksheets
    sheet = next((each for each in sheets if each.sheet_state == "visible"), None)
    if sheet is None:
        raise TableError("The workbook has no visible sheet with cells.")
    others = [
        f"{each.title!r}{'' if each.sheet_state == 'visible' else ' (hidden)'}"
        for each in sheets
        if each is not sheet
    ]
    notes = [f"The sheet {sheet.title!r} was read; left alone: {', '.join(others)}."] if others else []
    return sheet, notes


def _rows(
    names: list[str],
    records: Iterator[tuple[int, Mapping[int, Any]]],
    sheet: SheetRows,
    first: int,
    notes: list[str],
) -> Generator[Row]:
    for number, cells in records:
        if row := _row(names, cells, number):
            yield row
    sheet.refuse_merged(first, len(names))
    if sheet.hidden:
        notes.append(
            f"Hidden rows were read as well: {sheet.hidden_rows}, the first is row {sheet.hidden[0]}."
        )


def _row(names: Sequence[str], cells: Mapping[int, Any], number: int) -> Row | None:
    line = _in_line(cells)
    wrong = {index: said for index, cell in enumerate(line) if (said := _wrong(cell))}
    return row_of(names, [_text(cell) for cell in line], number, wrong)


def _in_line(cells: Mapping[int, Any]) -> list[Any]:
    """Return cells side by side, None where there is none; what is too wide stays just outside."""
    line: list[Any] = [None] * min(max(cells, default=-1) + 1, MOST_COLUMNS + 1)
    for column, cell in cells.items():
        line[min(column, MOST_COLUMNS)] = cell
    return line


def _wrong(cell: Any) -> str | None:
    if cell is None:
        return None
    value = cell["value"]
    if cell["data_type"] == "f":
        return _FORMULA
    if cell["data_type"] == "e":
        return f"Holds the error {value}."
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return _ROUNDED if number and not abs(value) < _EXACT else None


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    value = cell["value"]
    if isinstance(value, str):
        return untyped(value)
    if isinstance(value, float) and not abs(value) < _EXACT:
        return repr(value)
    return text_of(value)
