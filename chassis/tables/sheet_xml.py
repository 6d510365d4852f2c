"""The rows of one sheet of a workbook as they are written: what is left out between them costs nothing.

The library's own way to walk over rows makes those that a file leaves out, one by one: a single row with a
large number would keep it busy for minutes. Its parser, below that, does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openpyxl.utils import range_boundaries
from openpyxl.worksheet._reader import WorkSheetParser

from chassis.tables.faults import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LAST_ROW = 1_048_576  # of any spreadsheet
_MOST_NAMED = 3  # merged ranges that a refusal names


class _Parser(WorkSheetParser):
    def parse_formula(self, element: Any) -> str:
        """Spare the work: nobody reads a formula."""
        return "="


class SheetRows:
    """Gives (row number, {column from 0: cell}) for each row that is written, in order.

    A cell is what the library's parser makes of it: `value`, `data_type` and more.
    """

    def __init__(self, sheet: Any) -> None:
        """Take a sheet of a workbook that was opened to be read only."""
        self.sheet, self.last = sheet, 0
        self.hidden: list[int] = []  # the first hidden row with cells
        self.hidden_rows = 0
        self._merged: Any = None

    def __iter__(self) -> Iterator[tuple[int, Mapping[int, Any]]]:
        """Give the rows; raises TableError where the sheet breaks off, or its rows are not in order."""
        book = self.sheet.parent
        with self.sheet._get_source() as source:
            parser = _Parser(
                source,
                self.sheet._shared_strings,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            yield from self._rows(parser)
            self._merged = parser.merged_cells

    def _rows(self, parser: _Parser) -> Iterator[tuple[int, Mapping[int, Any]]]:
        rows = parser.parse()
        while (row := self._next(rows)) is not None:
            number, cells = row
            self._check(number)
            hides = parser.row_dimensions.pop(str(number), {}).get("hidden") in {"1", "true"}
            by_column = {cell["column"] - 1: cell for cell in cells if cell["value"] is not None}
            if hides and by_column:
                self.hidden_rows += 1
                self.hidden = self.hidden or [number]
            yield number, by_column

    def _next(self, rows: Iterator[tuple[int, list[Any]]]) -> tuple[int, list[Any]] | None:
        try:
            return next(rows, None)
        except MemoryError:
            raise
        except Exception as fault:
            raise TableError(f"cannot be read: {fault!r:.100}", self.last + 1) from fault

    def _check(self, number: int) -> None:
        if number > LAST_ROW:
            raise TableError(
                f"is followed by a row with the number {number}; a sheet's last is {LAST_ROW}.",
                self.last,
            )
        if number <= self.last:
            raise TableError(f"is followed by row {number}: rows must be in order.", self.last)
        self.last = number

    def refuse_merged(self, first_row: int, columns: int) -> None:
        """Raise TableError if cells of the table are merged: all but the first of them would look empty."""
        merged = [] if self._merged is None else [cell.ref for cell in self._merged.mergeCell]
        inside = [ref for ref in sorted(merged, key=_top) if _reaches(ref, first_row, columns)]
        if not inside:
            return
        more = f" and {len(inside) - _MOST_NAMED} more" if len(inside) > _MOST_NAMED else ""
        raise TableError(
            f"The sheet {self.sheet.title!r} has merged cells ({', '.join(inside[:_MOST_NAMED])}{more}), of"
            " which only the first has a value: take the merging away, and fill in every cell."
        )


def _reaches(ref: str, first_row: int, columns: int) -> bool:
    left, _, _, bottom = _bounds(ref)
    return bottom >= first_row and left <= columns


def _top(ref: str) -> tuple[int, int]:
    left, top, _, _ = _bounds(ref)
    return top, left


def _bounds(ref: str) -> tuple[int, int, int, int]:
    """Return a range's first and last column and row, counted from 1: left, top, right, bottom."""
    try:
        left, top, right, bottom = range_boundaries(ref)
    except ValueError as fault:
        raise TableError(f"The sheet has merged cells at {ref!r:.50}, which is no range.") from fault
    return left or 1, top or 1, right or LAST_ROW, bottom or LAST_ROW
