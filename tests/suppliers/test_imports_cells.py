"""What people type into cells: read as it was meant, or refused with what is accepted."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from chassis import tables
from tests.suppliers.files import faults, states
from tests.suppliers.rows import CONTACT, CONTRACT, FIRST

if TYPE_CHECKING:
    from tests.suppliers.files import Imports

WHOLE = "a whole number from 0 to 9223372036854775807"
DAY = "a date such as 2026-01-31"


@pytest.fixture
def known(imports: Imports) -> Imports:
    imports.run("suppliers", [FIRST])
    return imports


def workbook(row: dict[str, Any], epoch: Any = None) -> bytes:
    book, file = Workbook(), io.BytesIO()
    if epoch:
        book.epoch = epoch
    book.active.append(list(row))
    book.active.append(list(row.values()))
    book.save(file)
    return file.getvalue()


def run(imports: Imports, row: dict[str, Any], **more: Any) -> dict[str, Any]:
    return imports.run("contracts", workbook(row, **more), media_type=tables.XLSX)


def test_a_fraction_in_a_cell_is_never_a_whole_number(known: Imports) -> None:
    assert faults(run(known, CONTRACT | {"value_ore": 1.125})) == {
        2: [("value_ore", "Not a valid integer.", WHOLE)]
    }
    assert states(run(known, CONTRACT | {"value_ore": 1125.0})) == ["made"]


@pytest.mark.parametrize("text", ["1.500", "1,500", "1'500", "15 00", "1 50 0"])
def test_only_spaces_group_a_number(known: Imports, text: str) -> None:
    job = known.run("contracts", [CONTRACT | {"value_ore": text}])
    assert faults(job) == {2: [("value_ore", "Not a valid integer.", WHOLE)]}


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f"])
def test_spaces_of_every_kind_group_a_number(known: Imports, space: str) -> None:
    known.run("contracts", [CONTRACT | {"value_ore": f"1{space}234{space}500"}])
    assert known.ask("SELECT value_ore FROM contract") == [1_234_500]


def days(imports: Imports) -> Any:
    return imports.ask("SELECT starts_on, ends_on FROM contract")


def test_dates_are_read_from_cells_of_every_form_that_means_one_day(known: Imports) -> None:
    expected = [(date(2026, 1, 31), date(2027, 2, 1))]
    for begin, end in (
        (46053, 46419),
        (datetime(2026, 1, 31), date(2027, 2, 1)),  # noqa: DTZ001  cells have no zone
        ("2026-01-31T00:00:00", "2027-02-01 00:00"),
    ):
        row = CONTRACT | {"starts_on": begin, "ends_on": end}
        assert run(known, row)["rows_accepted"] == 1
        assert days(known) == expected


def test_days_with_a_time_and_numbers_that_may_mean_two_days_are_refused(known: Imports) -> None:
    timed = "Holds a time of day as well: format the cell as a date, without one."
    moment = datetime(2026, 1, 31, 8)  # noqa: DTZ001  cells have no zone
    for begin in (moment, 46053.5, "2026-01-31 08:00"):
        assert faults(run(known, CONTRACT | {"starts_on": begin}))[2] == [("starts_on", timed, DAY)]
    old = run(known, CONTRACT | {"starts_on": 46053}, epoch=CALENDAR_MAC_1904)
    assert faults(old)[2] == [("starts_on", "Not a valid date.", DAY)]
    text = known.run("contracts", [CONTRACT | {"starts_on": "46053"}])
    assert faults(text)[2] == [("starts_on", "Not a valid date.", DAY)]


def test_codes_are_read_whatever_their_case(known: Imports) -> None:
    known.run("suppliers", [FIRST | {"country": "no", "language": "EN"}])
    assert known.ask("SELECT country, language FROM supplier") == [("NO", "en")]
    assert states(known.run("contacts", [CONTACT | {"language": "Sv"}])) == ["made"]


def test_a_character_that_cannot_be_stored_is_named_also_where_it_is_escaped(known: Imports) -> None:
    rows = [CONTRACT | {"terms": '{"a": "\\u0000"}'}, CONTRACT | {"reference": "B"}]
    job = known.run("contracts", rows)
    assert (job["state"], states(job)) == ("done", ["rejected", "made"])
    said = "Holds the character U+0000, which cannot be stored."
    assert faults(job) == {2: [("terms", said, "a JSON object")]}


def test_what_is_accepted_is_always_said(known: Imports) -> None:
    wrong: list[tuple[str, Any]] = [
        ("suppliers", {"region": "01", "own_number": "new"}),
        ("suppliers", {**FIRST, "legal_name": 5, "orgnr": [1], "own_number": {}}),
        ("suppliers", {**FIRST, "supplier_id": "x", "identifiers": 1, "hats": 1}),
        ("suppliers", {"legal_name": "Nobody AB"}),
        ("contacts", {**CONTACT, "email": "kim", "name": 1, "own_number": "strange"}),
        ("contacts", {**CONTACT, "own_number": "strange"}),
        ("contracts", {**CONTRACT, "category_id": "Ö", "terms": "x", "regions": 1}),
        ("contracts", {"orgnr": FIRST["orgnr"]}),
    ]
    for kind, row in wrong:
        job = known.run(kind, orjson.dumps(row), media_type=tables.NDJSON)
        told = faults(job)[1]
        assert told
        assert [each for each in told if not each[2]] == []
    formula = run(known, CONTRACT | {"value_ore": "=1+1", "starts_on": "#N/A", "reference": None})
    assert faults(formula)[2] == [
        ("starts_on", "Holds the error #N/A.", DAY),
        ("value_ore", "Holds a formula, which is not evaluated: paste its value instead.", WHOLE),
        ("reference", "Missing data for required field.", "a text of at most 100 characters"),
    ]


def test_a_title_above_the_names_is_told_as_one(imports: Imports) -> None:
    book, file = Workbook(), io.BytesIO()
    book.active.append([])
    book.active.append(["Leverantörer 2026"])
    book.active.append(["orgnr", "legal_name"])
    book.save(file)
    job = imports.run("suppliers", file.getvalue(), media_type=tables.XLSX)
    assert job["reason"].startswith("Row 2: holds 'Leverantörer 2026' and nothing else. Is it a title?")
