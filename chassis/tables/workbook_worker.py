"""`python -m chassis.tables.workbook_worker`: NDJSON in (the columns, then lists of rows), a workbook out."""

from __future__ import annotations

import resource
import sys
from typing import Any

import orjson
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from chassis.tables.cells import typed

MOST_MEMORY = 512 * 1024 * 1024  # it writes row by row and needs a tenth of that
_LONGEST_CELL = 32_767  # characters that a workbook's cell holds
_CUT = " … (cut: a workbook's cell holds no more; CSV and NDJSON have it whole)"
_MOST_DIGITS = 10**15  # beyond them a spreadsheet rounds
_STATED = frozenset("=+-@#\t\r\n'＝＋－＠")  # texts that begin so would be formulas, numbers or errors
_MOST_ROWS = 1_048_575  # below the header


def main() -> None:
    """Write the workbook that comes in to where the output goes."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Kedja")
    lines = map(orjson.loads, sys.stdin.buffer)
    columns = next(lines)
    sheet.append([_cell(sheet, column) for column in columns])
    written = 0
    for rows in lines:
        for row in rows:
            if written == _MOST_ROWS:  # the rest is on a sheet of its own, and not lost
                sheet, written = book.create_sheet(), 0
                sheet.append([_cell(sheet, column) for column in columns])
            sheet.append([_cell(sheet, value) for value in row])
            written += 1
    book.save(sys.stdout.buffer)


def _cell(sheet: Any, value: Any) -> Any:
    """Return what is appended: a text stays one, whatever it begins with, also after an edit."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and abs(value) < _MOST_DIGITS:
        return value
    text = typed(str(value))
    if len(text) > _LONGEST_CELL:
        text = text[: _LONGEST_CELL - len(_CUT)] + _CUT
    if text[0] not in _STATED:
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type, cell.quotePrefix = "s", True
    return cell


if __name__ == "__main__":
    main()
