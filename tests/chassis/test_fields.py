"""What the shared fields let in: what can be mailed, seen, stored and computed with."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from marshmallow import ValidationError

from chassis.fields import Count, Day, Email, Grid, Id, Moment, Number, Text, mailable

ID = UUID("01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11")


@pytest.mark.parametrize(
    "text",
    [
        "a@b.example",
        "  anna.ek@mail.leverantor.example ",
        "o'neil+x@a-b.example",
        "a@xn--exempel-q4a.example",
    ],
)
def test_an_address_that_every_mail_server_takes_is_kept_without_outer_space(text):
    assert Email().deserialize(text) == mailable(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "a@b",
        "a@b@c.example",
        "a b@c.example",
        "a@b.example\r\nBcc: x@y.example",
        "a@b.example,c@d.example",
        "<a@b.example>",
        '"a b"@c.example',
        "å@b.example",
        "a@ö.example",
        "å@ö.example",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a..b@c.example",
        ".a@b.example",
        "a@-b.example",
        "a@b_c.example",
        "a@b..example",
        "a@b.example\x00",
        "=?utf-8?q?x=2C?=@b.example",
        "a" * 65 + "@b.example",
        "a@" + "b" * 64 + ".example",
        "a@" + "b." * 130 + "example",
    ],
)
def test_any_other_address_is_refused(text):
    assert mailable(text) is None
    with pytest.raises(ValidationError, match="e-mail address in ASCII"):
        Email().deserialize(text)


def test_nobody_has_no_address():
    assert mailable(None) is None


@pytest.mark.parametrize("text", ["Ek & Co", "  Ek\u3000", "株式会社", "7", "-"])
def test_a_text_is_kept_without_outer_white_space(text):
    assert Text(9).deserialize(text) == text.strip()


@pytest.mark.parametrize(
    "text", ["", " ", "\t\n", "\u200b", " \u200b\u2060 ", "\u00ad", "\ufeff", "\u0301", "\u2800"]
)
def test_a_text_without_a_visible_character_is_refused(text):
    with pytest.raises(ValidationError, match="visible character"):
        Text(9).deserialize(text)


CONTROLS = ["\r", "\t", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"]


@pytest.mark.parametrize("control", [*CONTROLS, "\n"])
def test_a_text_is_one_line_without_control_characters(control):
    for text in (f"Ek{control}Alm", f"Ek{control}"):
        with pytest.raises(ValidationError, match="It is one line"):
            Text(99).deserialize(text)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_text_of_lines_has_line_feeds_and_no_other_control_character(control):
    assert Text(99, lines=True).deserialize("Ek\n\nAlm\n") == "Ek\n\nAlm"
    with pytest.raises(ValidationError, match="without control characters"):
        Text(99, lines=True).deserialize(f"Ek\n{control}Alm")


@pytest.mark.parametrize("text", ["1900-01-01", "2199-12-31", "2024-02-29"])
def test_a_day_is_written_in_one_way(text):
    assert Day().deserialize(text).isoformat() == text


@pytest.mark.parametrize(
    "text",
    [
        "20260101",
        "2026-W01-1",
        "1899-12-31",
        "2200-01-01",
        "2026-02-30",
        "2026-1-1",
        " 2026-01-01",
        "٢٠٢٦-01-01",
        1,
    ],
)
def test_what_is_another_form_of_a_day_or_none_is_refused(text):
    with pytest.raises(ValidationError):
        Day().deserialize(text)


@pytest.mark.parametrize("text", [ID.hex, f"{{{ID}}}", f"urn:uuid:{ID}", f" {ID}", ID.bytes, 7])
def test_an_id_is_written_in_one_way(text):
    assert Id().deserialize(str(ID)) == Id().deserialize(str(ID).upper()) == ID
    with pytest.raises(ValidationError):
        Id().deserialize(text)


def test_a_text_has_its_greatest_length():
    assert Text(3).deserialize(" abc ") == "abc"
    with pytest.raises(ValidationError, match="at most 3"):
        Text(3).deserialize("abcd")


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-11-21T12:00:00Z", 21), ("2026-11-21T23:30:00-01:00", 22), ("1970-01-01T00:00:00+00:00", 1)],
)
def test_a_moment_is_kept_in_utc(text, day):
    moment = Moment().deserialize(text)
    assert (moment, moment.tzinfo, moment.day) == (datetime.fromisoformat(text), UTC, day)


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "1969-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "2026-11-21T12:00:00",
        "2026-11-21",
        "soon",
        1e18,
    ],
)
def test_a_moment_that_no_calendar_of_ours_has_is_refused(text):
    with pytest.raises(ValidationError):
        Moment().deserialize(text)


@pytest.mark.parametrize("value", [0, 100, 72.3, "72.30", 1e-9])
def test_a_number_within_its_range_is_kept_exactly(value):
    assert Number(0, 100).deserialize(value) == Decimal(str(value))


@pytest.mark.parametrize(
    "value",
    [-1, 100.1, 1e308, 2**70, "1e-999999999", "0e999999999", "0." + "1" * 100_000, "NaN", "Infinity", True],
)
def test_a_number_that_cannot_be_stored_or_is_out_of_range_is_refused(value):
    with pytest.raises(ValidationError):
        Number(0, 100).deserialize(value)


@pytest.mark.parametrize("value", [0, 1, 2**31 - 1])
def test_a_count_fits_an_integer_column(value):
    assert Count().deserialize(value) == value


@pytest.mark.parametrize("value", [-1, 2**31, 2**40, 10**30, 1e308, "many"])
def test_a_count_that_fits_none_is_refused(value):
    with pytest.raises(ValidationError):
        Count().deserialize(value)


def test_a_cell_of_a_grid_is_the_number_that_was_written():
    [row] = Grid(1, 4).deserialize([[75, 75.0, -0.0, 0.0]])
    assert [str(cell) for cell in row] == ["75", "75.0", "0.0", "0.0"]
    [row] = Grid(1, 2).deserialize([[0.0, 28.40909090909091]])
    assert [str(cell) for cell in row] == ["0.0", "28.40909090909091"]


@pytest.mark.parametrize("cell", [True, "1", float("nan"), 100.5, -0.5, [1]])
def test_a_cell_that_is_no_number_within_the_range_is_refused(cell):
    with pytest.raises(ValidationError):
        Grid(1, 1).deserialize([[cell]])
