"""Marshmallow fields that several services share: what can be mailed, seen, stored and computed with."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, validate

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
    """A text of at most `longest` characters, at least one of them visible, without outer white space."""

    def __init__(self, longest: int, **kwargs: Any) -> None:
        """Fix the length."""
        super().__init__(**kwargs)
        self.longest = longest

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        if not any(map(_is_visible, text)):
            raise ValidationError("Must contain a visible character.")
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
        return [[self._cell(cell) for cell in row] for row in value]

    def _cell(self, cell: Any) -> Decimal | None:
        if cell is None:
            return None
        if (
            isinstance(cell, bool)
            or not isinstance(cell, int | float | Decimal)
            or not self.low <= cell <= self.high
        ):
            raise ValidationError(f"Every cell must be null or a number from {self.low} to {self.high}.")
        # repr of a float is its shortest text: the number that the sender wrote
        return cell if isinstance(cell, Decimal) else Decimal(repr(cell))

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else [list(row) for row in value]
