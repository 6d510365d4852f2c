"""Marshmallow fields that several services share: what can be mailed, seen, stored and computed with."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from marshmallow import ValidationError, fields, validate

from chassis import turns

# The mailboxes that every mail server takes (RFC 5321 dot-string at a host name, in ASCII): no quoted names,
# no address literals, no SMTPUTF8 (a host outside ASCII has its xn-- form), nothing that a
# header could be read to encode (=?).
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
LONGEST_MAILBOX = 254
# Letters and symbols by their category that show nothing: fillers of Hangul, and Braille without dots.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_FIRST_YEAR, _YEAR_AFTER = 1970, 2200
_MOST_PLACES = 50
# Without C0, C1, DEL, the separators of lines and paragraphs, and what turns the direction of writing.
OF_ONE_LINE = re.compile(r"[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*")
OF_LINES = re.compile(r"[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*")
_NO_CONTROLS = "Must be without control characters."
# As written here: 2026-01-31, in years that somebody can mean
DAY = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
MOST_ITEMS = 100  # of a list, unless it says otherwise


def mailable(text: str | None) -> str | None:
    """Return the address, trimmed, if mail can be sent to it."""
    trimmed = (text or "").strip()
    fits = len(trimmed) <= LONGEST_MAILBOX and "=?" not in trimmed and _MAILBOX.fullmatch(trimmed)
    return trimmed if fits else None


class Email(fields.String):
    """An address that mail can be sent to, without outer white space."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        address = mailable(super()._deserialize(value, attr, data, **kwargs))
        if address is None:
            raise ValidationError("Must be an e-mail address in ASCII, such as office@regions.example.")
        return address


class Text(fields.String):
    """A text of at most `longest` characters, at least one of them visible, without outer white space.

    It is one line, unless `lines` are declared: then U+000A parts them. No other control character is taken,
    and none that turns round what stands beside it: a mail, a log, a table would show another text.
    """

    def __init__(self, longest: int, *, lines: bool = False, **kwargs: Any) -> None:
        """Fix the length, and whether it may have several lines."""
        super().__init__(**kwargs)
        self.longest, self.lines = longest, lines

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        raw = super()._deserialize(value, attr, data, **kwargs)
        text = raw.strip()
        if not any(map(_is_visible, text)):
            raise ValidationError("Must contain a visible character.")
        if not (OF_LINES if self.lines else OF_ONE_LINE).fullmatch(raw):
            raise ValidationError(_NO_CONTROLS if self.lines else f"{_NO_CONTROLS} It is one line.")
        if len(text) > self.longest:
            raise ValidationError(f"Must have at most {self.longest} characters.")
        return text


def _is_visible(char: str) -> bool:
    return unicodedata.category(char)[0] not in "CMZ" and char not in _BLANK


def in_utc(given: datetime) -> datetime:
    """Return an aware time in UTC; raises ValueError outside the years that all can compute with."""
    moment = given.astimezone(UTC) if _FIRST_YEAR <= given.year <= _YEAR_AFTER else given
    if not _FIRST_YEAR <= moment.year < _YEAR_AFTER:
        raise ValueError(f"Must be from {_FIRST_YEAR} to {_YEAR_AFTER - 1}.")
    return moment


class Moment(fields.AwareDateTime):
    """A time with its offset, kept in UTC, in years that every calendar and column can compute with."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        try:
            return in_utc(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as fault:
            raise ValidationError(str(fault)) from None


class Day(fields.Date):
    """A date in the years 1900 to 2199, written 2026-01-31: other forms of ISO 8601 are not taken."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _WRITTEN_DAY.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day = super()._deserialize(value, attr, data, **kwargs)
        if not DAY.fullmatch(value):
            raise ValidationError("Must be from 1900 to 2199.")
        return day


class Id(fields.UUID):
    """A UUID as it is written everywhere: 36 characters, four hyphens."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not UUID.fullmatch(value):
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, attr, data, **kwargs)


class Number(fields.Decimal):
    """A number from `low` to `high`, with no more places than can be stored."""

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        """Fix the range."""
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Decimal:
        number: Decimal = super()._deserialize(value, attr, data, **kwargs)
        places = number.as_tuple().exponent
        if not isinstance(places, int) or abs(places) > _MOST_PLACES:
            raise ValidationError(f"Must have at most {_MOST_PLACES} places.")
        if not self.low <= number <= self.high:
            raise ValidationError(f"Must be from {self.low} to {self.high}.")
        return number


class Count(fields.Integer):
    """How many: from 0 to what an integer column holds."""

    def __init__(self, **kwargs: Any) -> None:
        """Add the range to what is checked."""
        super().__init__(**kwargs)
        self.validators.insert(0, validate.Range(0, 2**31 - 1))


class List(fields.List[Any]):
    """At most so many items, counted before any is looked at; loaded in turns with what others want.

    For lists that are sent: without a number an item costs its sender a byte or two, and us a whole schema.
    """

    def __init__(self, inner: Any, *, most: int = MOST_ITEMS, **kwargs: Any) -> None:
        """Fix the greatest length."""
        super().__init__(inner, **kwargs)
        self.most = most

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise self.make_error("invalid")
        if len(value) > self.most:
            raise ValidationError(f"Must have at most {self.most} items.")
        found, faults = [], {}
        for place, each in enumerate(value):
            turns.passed()
            try:
                found.append(self.inner.deserialize(each, **kwargs))
            except ValidationError as fault:
                faults[place] = fault.messages
        if faults:
            raise ValidationError(faults)
        return found


_NUMBERS = frozenset((int, float, Decimal))


@lru_cache(maxsize=1 << 14, typed=True)
def _exact(number: float) -> Decimal:
    """Return the number that the sender wrote: a float's repr is its shortest text; -0.0 is 0.0.

    Remembered, since grids hold scores, of which there are few; 75 and 75.0 apart: what is kept says which.
    """
    return Decimal(repr(number + 0))


class Grid(fields.Field[list[list[Decimal | None]]]):
    """`rows` lists of `columns` numbers or nulls, each within `low` and `high`.

    One field instead of nested lists of fields: a nested load costs twenty times as much.
    """

    def __init__(self, rows: int, columns: int, *, low: int = 0, high: int = 100, **kwargs: Any) -> None:
        """Fix the shape and the range."""
        super().__init__(**kwargs)
        self.rows, self.columns, self.low, self.high = rows, columns, low, high

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[list[Decimal | None]]:
        shape = (
            [len(row) if isinstance(row, list) else -1 for row in value] if isinstance(value, list) else []
        )
        if shape != [self.columns] * self.rows:
            raise ValidationError(f"Must be {self.rows} lists of {self.columns} numbers or nulls.")
        return [[None if cell is None else self._cell(cell) for cell in row] for row in value]

    def _cell(self, cell: Any) -> Decimal:
        if type(cell) not in _NUMBERS or not self.low <= cell <= self.high:
            raise ValidationError(f"Every cell must be null or a number from {self.low} to {self.high}.")
        return cell if isinstance(cell, Decimal) else _exact(cell)

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else [list(row) for row in value]
