"""Workbooks as people make them: gaps, hidden and merged cells, several sheets, rounded numbers."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

from chassis import tables
from chassis.tables.reading import read
from chassis.tables.sheet import Row
from tests.chassis.test_tables_hostile import book_with, refusal

if TYPE_CHECKING:
    from collections.abc import Callable


def workbook(*rows: list[Any], change: Callable[[Any], None] = lambda _: None) -> bytes:
    """A workbook with these rows, changed by hand before it is saved."""
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    change(book)
    book.save(file)
    return file.getvalue()


def reading(data: bytes) -> tuple[list[Row], list[str]]:
    """The rows, and what is said of how they were read."""
    table = read(tables.XLSX, io.BytesIO(data))
    return list(table.rows), table.notes


def sheet(*numbers: object) -> bytes:
    """A workbook with a column `a` and rows of these numbers."""
    rows = "".join(f'<row r="{n}"><c t="inlineStr"><is><t>x{n}</t></is></c></row>' for n in numbers)
    head = '<row r="1"><c t="inlineStr"><is><t>a</t></is></c></row>'
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return book_with(
        "xl/worksheets/sheet1.xml",
        f'<worksheet xmlns="{namespace}"><sheetData>{head}{rows}</sheetData></worksheet>'.encode(),
    )


def test_rows_that_are_left_out_cost_nothing() -> None:
    began = time.process_time()
    assert [row.number for row in reading(sheet(5, 1_048_576))[0]] == [5, 1_048_576]
    assert time.process_time() - began < 0.3  # filling them in took a second and more


@pytest.mark.timeout(20)
def test_rows_beyond_a_sheet_s_last_or_out_of_order_are_refused_at_once() -> None:
    assert refusal(tables.XLSX, sheet(2, 99_999_999_999)) == (
        "Row 2: is followed by a row with the number 99999999999; a sheet's last is 1048576."
    )
    assert refusal(tables.XLSX, sheet(7, 3)) == "Row 7: is followed by row 3: rows must be in order."


def test_the_first_visible_sheet_is_read_and_the_others_are_named() -> None:
    def hide(book: Any) -> None:
        book.active.title, book.active.sheet_state = "Old", "hidden"
        book.create_sheet("New").append(["a"])
        book["New"].append(["read"])
        book.create_sheet("Help").append(["not"])

    rows, notes = reading(workbook(["a"], ["hidden"], change=hide))
    assert rows == [Row(2, {"a": "read"}, {})]
    assert notes == ["The sheet 'New' was read; left alone: 'Old' (hidden), 'Help'."]
    assert reading(workbook(["a"], ["1"])) == ([Row(2, {"a": "1"}, {})], [])


def test_hidden_rows_are_read_and_that_is_said() -> None:
    def hide(book: Any) -> None:
        for number in (3, 4):
            book.active.row_dimensions[number].hidden = True

    rows, notes = reading(workbook(["a"], ["1"], ["2"], ["3"], change=hide))
    assert [row.values["a"] for row in rows] == ["1", "2", "3"]
    assert notes == ["Hidden rows were read as well: 2, the first is row 3."]


def test_merged_cells_are_refused_where_the_table_is() -> None:
    def merge(*ranges: str) -> Callable[[Any], None]:
        return lambda book: [book.active.merge_cells(each) for each in ranges]  # type: ignore[return-value]

    data = workbook(["a", "b"], ["1", "2"], ["3", "4"], change=merge("B2:B3", "D1:E9"))
    assert refusal(tables.XLSX, data) == (
        "The sheet 'Sheet' has merged cells (B2:B3), of which only the first has a value:"
        " take the merging away, and fill in every cell."
    )
    many = workbook(["a"], ["1"], change=merge("A4:A5", "A6:A7", "A8:A9", "A10:A11"))
    assert "(A4:A5, A6:A7, A8:A9 and 1 more)" in refusal(tables.XLSX, many)
    assert reading(workbook(["a"], ["1"], change=merge("B1:C1")))[0] == [Row(2, {"a": "1"}, {})]


def test_blank_rows_above_the_names_are_skipped() -> None:
    table = read(tables.XLSX, io.BytesIO(workbook([], [" "], ["a"], ["1"])))
    assert (table.columns, table.header, list(table.rows)) == (["a"], 3, [Row(4, {"a": "1"}, {})])
    text = read(tables.CSV, io.BytesIO(b"\xef\xbb\xbf\r\n ;;\r\na;b\r\n1;2\r\n"))
    assert (text.columns, text.header, list(text.rows)) == (["a", "b"], 3, [Row(4, {"a": "1", "b": "2"}, {})])


def test_numbers_that_a_spreadsheet_rounds_are_refused_and_fractions_stay_fractions() -> None:
    data = workbook(["a"], [999_999_999_999_999], [10**15], [1.2345678901234567e17], [1.125], ["10" * 10])
    said = "Holds a number of more than 15 digits, which spreadsheets round: enter it as text."
    assert reading(data)[0] == [
        Row(2, {"a": "999999999999999"}, {}),
        Row(3, {}, {"a": said}),
        Row(4, {}, {"a": said}),
        Row(5, {"a": "1.125"}, {}),
        Row(6, {"a": "10" * 10}, {}),
    ]


def test_a_cell_far_to_the_right_is_seen() -> None:
    data = workbook(["a"], ["1"], change=lambda book: book.active.cell(2, 5000, "far"))
    [row] = reading(data)[0]
    assert "more cells than there are named columns (1)" in next(iter(row.faults.values()))
