"""Files that are broken or mean harm: each is refused, or its row is, in a sentence that says where."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from typing import IO, Any

import pytest
from openpyxl import Workbook

from chassis import tables
from chassis.tables.reading import read


def refusal(media_type: str, data: bytes | IO[bytes]) -> str:
    file: Any = io.BytesIO(data) if isinstance(data, bytes) else data
    with pytest.raises(tables.TableError) as caught:
        list(read(media_type, file)[1])
    return str(caught.value)


def faults(media_type: str, data: bytes) -> dict[int, dict[str, str]]:
    return {row.number: row.faults for row in read(media_type, io.BytesIO(data))[1] if row.faults}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Row 1: must hold the names of the columns."),
        (b"a,b,a\n", "Row 1, column C: is called 'a', and so is column A."),
        (b"a,,c\n", "Row 1, column B: has no name."),
        (b"a," * 10_000 + b"b\n", "Row 1: has 10001 columns; at most 200 are read."),
        (b'a,b\n1,"2\n3,4\n', "Row 2: begins a quote that is never closed."),
        (b'a,b\n1,"2"3"\n', 'Row 2: has a quote within a quoted cell: write it twice ("").'),
        (
            "a\nMalmö\nBås\n".encode() + b"\xe5\n",
            "Row 4: has bytes that are no text in UTF-8 or Windows-1252. Save the file as UTF-8.",
        ),
        (
            b"a\n" + "Malmö, Växjö och Luleå\n".encode("cp850"),
            "Row 2: has bytes that are no text in UTF-8 or Windows-1252. Save the file as UTF-8.",
        ),
        (
            b"\xff\xfea\x00\n\x00\x00\xd8\n\x00",
            "Row 1: has, or one soon after it, bytes that are no text in utf-16. Save the file as UTF-8.",
        ),
    ],
)
def test_a_csv_file_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    assert refusal(tables.CSV, data) == sentence


def test_a_bad_row_leaves_the_others_alone() -> None:
    data = b"a,b\n1,2\n\0,x\n3,4,5\n" + b"y" * 100_001 + b",6\n7,8\n"
    assert faults(tables.CSV, data) == {
        3: {"a": "Holds the character U+0000, which cannot be stored."},
        4: {
            "C": "The row has more cells than there are named columns (2): is a quote or a separator missing?"
        },
        5: {"a": "Has 100001 characters; at most 100000 are read."},
    }


def test_lines_of_ndjson_are_judged_one_by_one() -> None:
    data = b'{"a": 1}\n{"a": \n[1]\n{"a": "\\u0000"}\n\n{"a": null, "b": 2}'
    assert {
        number: next(iter(said.values()))[:24] for number, said in faults(tables.NDJSON, data).items()
    } == {
        2: "The line is not JSON: un",
        3: "The line is not a JSON o",
        4: "Holds the character U+00",
    }
    assert refusal(tables.NDJSON, b"{}\n" + b" " * 1_000_001) == "Row 2: has more than 1000000 bytes."


def book_with(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook with one of its parts replaced."""
    whole, changed = io.BytesIO(), io.BytesIO()
    Workbook().save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(changed, "w", method) as target:
        for part in source.namelist():
            target.writestr(part, content if part == name else source.read(part))
        if name not in source.namelist():
            target.writestr(name, content)
    return changed.getvalue()


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as target:
        for index in range(1001):
            target.writestr(str(index), b"")
    assert refusal(tables.XLSX, many.getvalue()) == "The workbook has 1001 parts; at most 1000 are read."
    bomb = book_with("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 20_000_000)
    assert refusal(tables.XLSX, bomb).endswith("unpacks to 300 times its size.")
    strings = book_with("xl/sharedStrings.xml", bytes(101 << 20))
    assert refusal(tables.XLSX, strings).endswith("unpacks to more than 100 MB.")


def test_what_is_no_workbook_is_refused() -> None:
    assert refusal(tables.XLSX, b"a,b\n") == "The file is not a workbook (XLSX): it is no zip file."
    laughs = (
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 9000 + b'">' + b'<!ENTITY c "' + b"&b;" * 9000
    )
    laughs += b'">]><workbook>&c;</workbook>'
    assert "cannot be read as a workbook" in refusal(tables.XLSX, book_with("xl/workbook.xml", laughs))
    broken = refusal(tables.XLSX, book_with("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"))
    assert "no element found" in broken


def test_errors_in_a_workbooks_cells_are_faults_of_their_rows() -> None:
    book, file = Workbook(), io.BytesIO()
    book.active.append(["a", "b"])
    book.active.append(["#N/A", "=A1"])
    book.save(file)
    assert faults(tables.XLSX, file.getvalue()) == {
        2: {
            "a": "Holds the error #N/A.",
            "b": "Holds a formula, which is not evaluated: paste its value instead.",
        }
    }


@pytest.mark.parametrize("media_type", [tables.CSV, tables.NDJSON])
def test_a_line_of_a_gigabyte_is_refused_in_bounded_memory(media_type: str) -> None:
    program = (
        "import sys, tempfile\n"
        "from chassis import tables; from chassis.tables.reading import read\n"
        "file = tempfile.TemporaryFile()\n"
        "file.write(b'{}\\n')\n"
        "file.write(b'x' * 5000); file.truncate(1 << 30)\n"
        "try: list(read(sys.argv[1], file)[1])\n"
        "except tables.TableError as fault: print(fault.row)\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, media_type], capture_output=True, check=True, timeout=100
    )
    row, kilobytes = done.stdout.split()
    assert (row, int(kilobytes) < 150_000) == (b"2", True)
