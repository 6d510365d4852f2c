"""Which encoding a file has: what spreadsheets and keyboards write is taken; nothing is made of rubbish."""

from __future__ import annotations

import io

import pytest

from chassis import tables
from chassis.tables import encoding
from chassis.tables.reading import read
from tests.chassis.test_tables_hostile import refusal

NO_TEXT = "has bytes that are no text in UTF-8 or Windows-1252. Save the file as UTF-8."


@pytest.mark.parametrize(
    "text",
    ["2024–2027", "L’Oreal", "“quoted” and ‘so’", "wait…", "5 € – 7 €", "Kim’s • Exempel™", "Åre – Žilina"],
)
def test_what_windows_writes_is_read_as_it_was_meant(text: str) -> None:
    data = f"a;b\r\n{text};x\r\n".encode("cp1252")
    [row] = read(tables.CSV, io.BytesIO(data)).rows
    assert row.values == {"a": text, "b": "x"}


@pytest.mark.parametrize(
    "line",
    [
        "Växjö".encode("cp850"),  # ä and ö are quotes in Windows-1252
        "Åmål".encode("cp850"),
        b"\x81\x8d",  # mean nothing there
        b"caf\xe9 \x00\x01",
        bytes(range(128, 256)),
    ],
)
def test_what_is_something_else_is_refused(line: bytes) -> None:
    assert refusal(tables.CSV, b"a\n" + line + b"\n") == f"Row 2: {NO_TEXT}"


def test_a_damaged_file_in_utf_8_is_not_taken_for_windows() -> None:
    assert refusal(tables.CSV, "a\nÅsa Öberg\n".encode() + b"\x96\n") == f"Row 3: {NO_TEXT}"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("UTF-8", "utf-8"),
        ("us-ascii", "utf-8"),
        ("ISO-8859-1", "cp1252"),
        ("cp1252", "cp1252"),
        ("ibm850", "cp850"),
        ("utf-7", None),
        ("base64", None),
        ("klingon", None),
    ],
)
def test_the_names_of_encodings_are_known(told: str, name: str | None) -> None:
    assert encoding.named(told) == name
