"""Tables: what is written is read again, nothing is run, what people type is understood."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from openpyxl import Workbook, load_workbook

from chassis import tables
from chassis.tables.cells import guarded, typed, unguarded, untyped
from chassis.tables.reading import read
from chassis.tables.sheet import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(__file__).parents[2] / "data"
NAMES = ["a", "b"]
TRIGGERS = "=+-@\t\r\n＝＋－＠"
CELLS = st.text(st.sampled_from("=+-@\t\r\n'\"; ,ab1＝"), max_size=12)


def written(media_type: str, rows: Sequence[dict[str, Any]], columns: list[str]) -> bytes:
    with tables.writer(media_type, columns) as table:
        return table.head() + table.rows(rows) + b"".join(table.ending())


def rows_of(media_type: str, data: bytes) -> list[Row]:
    return list(read(media_type, io.BytesIO(data))[1])


def csv_rows(text: str, encoding: str = "utf-8") -> list[Row]:
    return rows_of(tables.CSV, text.encode(encoding))


@given(CELLS)
def test_a_guarded_text_begins_no_formula_and_comes_back_as_it_was(text: str) -> None:
    shown = guarded(text)
    assert unguarded(shown) == text
    assert untyped(typed(text)) == text
    assert shown[:1] not in set(TRIGGERS) or float(shown.replace(",", ".")) < 0
    for piece in shown.replace("\t", ";").replace("\n", ";").replace("\r", ";").split(";")[1:]:
        assert piece.strip("\" '")[:1] not in set("=+-@＝") or piece.strip('" ').startswith("'")


@given(st.lists(st.fixed_dictionaries({"a": CELLS, "b": st.text(max_size=8)}), max_size=5))
@settings(deadline=None)
def test_what_is_written_as_csv_is_read_again(rows: list[dict[str, str]]) -> None:
    kept = [{k: v.strip() for k, v in row.items() if v.strip()} for row in rows]
    if any(
        "\0" in text or "\ufeff" in text or not text.isprintable() for row in kept for text in row.values()
    ):
        kept = rows = []
    again = [row.values for row in rows_of(tables.CSV, written(tables.CSV, rows, NAMES))]
    assert again == [row for row in kept if row]


@pytest.mark.parametrize("media_type", tables.MEDIA_TYPES)
def test_an_export_can_be_imported_again(media_type: str) -> None:
    row = {"a": "=HYPERLINK(1)", "b": "'=x", "c": "+46 8 123", "d": "a;=1", "e": "@x", "f": "'quoted'"}
    [again] = rows_of(media_type, written(media_type, [row], list(row)))
    assert again.values == row


def test_every_kind_of_value_has_its_text() -> None:
    row = {
        "number": -12.5,
        "exact": Decimal("-0.10"),
        "yes": True,
        "none": None,
        "list": ["01", "14"],
        "moment": datetime(2026, 11, 27, 3, tzinfo=UTC),
        "day": date(2026, 11, 27),
        "id": UUID(int=1),
        "negative": "-7",
    }
    text = written(tables.CSV, [row], list(row)).decode().splitlines()[1]
    assert text == (
        '-12.5,-0.10,true,,"[""01"",""14""]",2026-11-27T03:00:00+00:00,2026-11-27,'
        "00000000-0000-0000-0000-000000000001,-7"
    )


def test_a_workbooks_texts_are_texts_and_its_numbers_numbers() -> None:
    data = written(tables.XLSX, [{"a": "=1+1", "b": -5}, {"a": "x\x01y", "b": 10**16}], NAMES)
    cells = [
        [(c.data_type, c.value) for c in row] for row in load_workbook(io.BytesIO(data)).active.iter_rows()
    ]
    assert cells[1] == [("s", "=1+1"), ("n", -5)]
    assert cells[2] == [("s", "x\N{REPLACEMENT CHARACTER}y"), ("s", "10000000000000000")]


def test_a_workbook_left_in_the_middle_leaves_no_process_behind() -> None:
    with tables.writer(tables.XLSX, NAMES) as table:
        process = table._process  # type: ignore[attr-defined]
        table.rows([{"a": 1}])
        assert process.poll() is None
    assert process.poll() is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_encodings_and_separators_of_spreadsheets_are_found_out(encoding: str, separator: str) -> None:
    text = f'namn{separator}land\r\nÅsa Öberg & Söner{separator}SE\r\n\r\n"två\r\nrader"{separator}\r\n'
    assert csv_rows(text, encoding) == [
        Row(2, {"namn": "Åsa Öberg & Söner", "land": "SE"}, {}),
        Row(4, {"namn": "två\r\nrader"}, {}),
    ]


def test_excels_word_on_the_separator_counts() -> None:
    assert csv_rows("sep=;\r\na,b;c\r\n1;2\r\n") == [Row(3, {"a,b": "1", "c": "2"}, {})]


def test_numbers_and_dates_of_a_workbook_become_what_was_meant() -> None:
    book = Workbook()
    book.active.append(["orgnr", "day", "time", "share", "yes"])
    day, moment = datetime.fromisoformat("2026-11-27"), datetime.fromisoformat("2026-11-27T08:00:00")
    book.active.append([5565436168, day, moment, 0.1, True])
    book.active.append([5565436168.0, date(2026, 1, 2), None, "=1+1", None])
    book.create_sheet("other").append(["not", "read"])
    file = io.BytesIO()
    book.save(file)
    fault = "Holds a formula, which is not evaluated: paste its value instead."
    assert rows_of(tables.XLSX, file.getvalue()) == [
        Row(
            2,
            {
                "orgnr": "5565436168",
                "day": "2026-11-27",
                "time": "2026-11-27T08:00:00",
                "share": "0.1",
                "yes": "true",
            },
            {},
        ),
        Row(3, {"orgnr": "5565436168", "day": "2026-01-02"}, {"share": fault}),
    ]


def test_columns_follow_the_schema_in_its_order() -> None:
    class Item(Schema):
        item_id = fields.UUID()
        secret = fields.String(load_only=True)
        parts = fields.List(fields.String())

    assert tables.columns_of(Item) == ["item_id", "parts"]


def test_writers_work_in_a_green_process() -> None:
    program = (
        "import eventlet; eventlet.monkey_patch(); import io; from chassis import tables\n"
        "ticks = []\n"
        "def tick():\n"
        "    while True: ticks.append(1); eventlet.sleep(0.01)\n"
        "eventlet.spawn(tick)\n"
        "with tables.writer(tables.XLSX, ['a']) as t:\n"
        "    for _ in range(20): t.rows([{'a': '=x'}] * 500)\n"
        "    data = b''.join(t.ending())\n"
        "print(data[:2], len(ticks) > 10)\n"
    )
    env = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=env, timeout=60, check=True
    )
    assert done.stdout.split() == [b"b'PK'", b"True"]


def test_the_real_dirty_files_are_read_whole() -> None:
    counts = {"uhm_region_suppliers_2021": 1781, "public_buyers_orgnr": 1171, "osh_facilities": 953}
    for name, expected in counts.items():
        rows = rows_of(tables.CSV, (DATA / f"{name}.csv").read_bytes())
        assert (len(rows), [row for row in rows if row.faults]) == (expected, [])
