"""Reading workbooks (XLSX): the first sheet's cells as texts; no formula is evaluated, no bomb unpacked."""

from __future__ import annotations

import zipfile
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZipFile

from openpyxl import load_workbook

from chassis.tables.cells import text_of, untyped
from chassis.tables.faults import TableError
from chassis.tables.sheet import MOST_COLUMNS, Row, header, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_PARTS = 1000
_MOST_UNPACKED = 1 << 30  # bytes of all parts
_MOST_IN_MEMORY = 100 << 20  # bytes of a part that the library keeps whole
_MOST_RATIO = 300  # a sheet shrinks to a tenth, a bomb to a thousandth
_UNSUSPECTED = 1 << 20  # bytes: small parts may shrink as they like
_FORMULA = "Holds a formula, which is not evaluated: paste its value instead."


def read(file: IO[bytes]) -> tuple[list[str], Iterator[Row]]:
    """Return the columns and the rows of the first sheet; raises TableError."""
    _refuse_bombs(file)
    file.seek(0)
    try:
        book = load_workbook(file, read_only=True, keep_links=False)
    except Exception as fault:  # whatever the library meets in a broken file, it is the file's
        raise TableError(f"The file cannot be read as a workbook (XLSX): {fault!r:.100}") from fault
    if not book.worksheets:
        raise TableError("The workbook has no sheet with cells.")
    sheet: Any = book.worksheets[0]
    sheet.reset_dimensions()  # a file may state anything there
    records = _records(sheet)
    number, cells = next(records, (1, ()))
    names = header([_text(cell) for cell in cells], number)
    return names, (row for n, cells in records if (row := _row(names, cells, n)))


def _records(sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    # a column more than is read: what is too wide has to be seen
    rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1)
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except Exception as fault:
            raise TableError(f"cannot be read: {fault!r:.100}", number) from fault
        if cells is None:
            return
        yield number, cells


def _row(names: Sequence[str], cells: Sequence[Any], number: int) -> Row | None:
    wrong = {}
    for index, cell in enumerate(cells):
        if cell.data_type == "f":
            wrong[index] = _FORMULA
        elif cell.data_type == "e":
            wrong[index] = f"Holds the error {cell.value}."
    return row_of(names, [_text(cell) for cell in cells], number, wrong)


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    return untyped(value) if isinstance(value, str) else text_of(value)


def _refuse_bombs(file: IO[bytes]) -> None:
    """Refuse by the stated sizes: the library for zip files never unpacks more than what is stated."""
    try:
        parts = ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        raise TableError("The file is not a workbook (XLSX): it is no zip file.") from fault
    if len(parts) > _MOST_PARTS:
        raise TableError(f"The workbook has {len(parts)} parts; at most {_MOST_PARTS} are read.")
    if sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise TableError(f"The workbook unpacks to more than {_MOST_UNPACKED >> 20} MB.")
    for part in parts:
        _refuse_bomb(part)


def _refuse_bomb(part: zipfile.ZipInfo) -> None:
    is_sheet = part.filename.startswith("xl/worksheets/")
    if not is_sheet and part.file_size > _MOST_IN_MEMORY:
        raise TableError(f"The workbook's part {part.filename!r:.100} unpacks to more than 100 MB.")
    if part.file_size > max(_UNSUSPECTED, part.compress_size * _MOST_RATIO):
        raise TableError(
            f"The workbook's part {part.filename!r:.100} unpacks to {_MOST_RATIO} times its size."
        )
