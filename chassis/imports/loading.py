"""From cells to values: texts become what the schema asks for, and every fault says what is accepted."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from marshmallow import ValidationError, fields, validate

from chassis import sql
from chassis.fields import Email, Text
from chassis.imports.kinds import Fault, Parsed
from chassis.loading import loader, reader
from chassis.tables import TableError, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from marshmallow import Schema

    from chassis.imports.kinds import ImportKind

_MOST_NAMED = 60  # allowed values that a report spells out
_SEPARATORS = re.compile(r"\s*[,;|\s]\s*")
# Grouped by a space, breaking or not: a dot or a comma may as well begin a fraction (1.500), and is refused.
_SPACE = "[ \u00a0\u2009\u202f]"
_GROUPED = re.compile(rf"-?[0-9]{{1,3}}({_SPACE}[0-9]{{3}})+|-?[0-9]+")
# A spreadsheet's number of a day (from 1954 to 2118), and one with a part of a day
_SERIAL, _SERIAL_WITH_TIME = re.compile("[2-7][0-9]{4}"), re.compile(r"[2-7][0-9]{4}\.[0-9]+")
_DAY_ZERO = date(1899, 12, 30)
_TIMED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)")
_TRUTHS = {
    **dict.fromkeys(("true", "yes", "ja", "1", "x"), True),
    **dict.fromkeys(("false", "no", "nej", "0"), False),
}


@lru_cache(maxsize=1000)
def canonical(column: str) -> str:
    """Return a column's name as schemas have it: `Legal name` is `legal_name`."""
    return re.sub(r"[\s\-]+", "_", column.strip()).lower()


def check_columns(kind: ImportKind, columns: Sequence[str], row: int = 1) -> None:
    """Raise TableError unless the kind knows every column, and each once; `row`: where they stand."""
    known = columns_of(kind.schema)
    names = [canonical(column) for column in columns]
    strange = [c for c, n in zip(columns, names, strict=True) if n not in known and n not in kind.ignores]
    if strange and len(names) == 1:
        problem = (
            f"holds {strange[0]!r} and nothing else. Is it a title? Take it away: the first row that is not"
            f" empty must name the columns, of which {kind.name!r} has: {', '.join(known)}."
        )
        raise TableError(problem, row)
    if strange:
        told = ", ".join(repr(column) for column in strange[:10])
        raise TableError(f"has columns that {kind.name!r} does not: {told}. It has: {', '.join(known)}.", row)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"names the column {twice[0]!r} twice.", row)


class _UnreadableError(Exception):
    """A cell means nothing to its column; the sentence says why better than the schema could."""


def load(
    kind: ImportKind,
    number: int,
    cells: Mapping[str, object],
    wrong: Mapping[str, str],
    *,
    serials: bool = False,
) -> Parsed | list[Fault]:
    """Return what the row says, or all that is wrong; `wrong`: what reading the file found already.

    serials: a number in a column of dates is a spreadsheet's. Schemas' defaults are left out: what a row does
    not say must not be taken for something it says.
    """
    if "" in wrong:  # there is no row: no column of it can be missing
        return [Fault("", wrong[""], "a JSON object, whole on its line")]
    values, unread = _values(kind, cells, serials=serials)
    said = {**wrong, **unread}
    faults = [Fault(column, problem, accepted_in(kind, column)) for column, problem in said.items()]
    try:
        loaded = reader(kind.schema)(values)
    except ValidationError as fault:
        told = {canonical(column) for column in said}
        # what a row as a whole lacks may stand in a cell that could not be read
        also = (each for each in _faults(kind, fault.messages_dict) if each.column or not said)
        return [*faults, *(each for each in also if each.column not in told)]
    return faults or Parsed(number, _plain({name: loaded[name] for name in loaded if name in values}))


def _plain(loaded: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(orjson.dumps(loaded, default=str))
    return plain


def _values(
    kind: ImportKind, cells: Mapping[str, object], *, serials: bool
) -> tuple[dict[str, object], dict[str, str]]:
    """Return the cells' values, and what is wrong with those that have none, by column."""
    values, unread = {}, {}
    for column, cell in cells.items():
        name = canonical(column)
        if name in kind.ignores:
            continue
        try:
            values[name] = _value(kind, name, cell, serials=serials)
        except _UnreadableError as fault:
            unread[name] = str(fault)
    return values, unread


def _value(kind: ImportKind, name: str, cell: object, *, serials: bool) -> object:
    """Return what a text means to its field; what has no such meaning stays, for the schema to refuse."""
    if not isinstance(cell, str):
        return cell
    read = _readers(kind.schema).get(name)
    if read is _day:
        return _day(cell, serials=serials)
    return read(cell) if read else cell


@cache
def _readers(schema: type[Schema]) -> dict[str, Callable[..., object]]:
    """Return what reads a column's texts, by its name; not those that stay as they are."""
    return {
        name: read
        for name, field in loader(schema).fields.items()
        if (read := next((read for kinds, read in _READERS if isinstance(field, kinds)), None))
    }


def _day(text: str, *, serials: bool) -> str:
    """Return the date that is meant by one with midnight, or by a spreadsheet's number."""
    if serials and _SERIAL.fullmatch(text):
        return (_DAY_ZERO + timedelta(days=int(text))).isoformat()
    timed = _TIMED.fullmatch(text)
    if timed and not timed[2].strip("0:."):
        return timed[1]
    if timed or (serials and _SERIAL_WITH_TIME.fullmatch(text)):
        raise _UnreadableError("Holds a time of day as well: format the cell as a date, without one.")
    return text


def _json(text: str) -> object:
    if sql.has_nul(text.encode()):
        raise _UnreadableError("Holds the character U+0000, which cannot be stored.")
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value


def _list(text: str) -> object:
    return _json(text) if text.startswith("[") else _SEPARATORS.split(text)


def _whole(text: str) -> object:
    return int(re.sub(_SPACE, "", text)) if _GROUPED.fullmatch(text) and len(text) < 40 else text


def _truth(text: str) -> object:
    return _TRUTHS.get(text.lower(), text)


_READERS: tuple[tuple[Any, Callable[..., object]], ...] = (
    (fields.Date, _day),
    (fields.List, _list),
    ((fields.Dict, fields.Nested), _json),
    (fields.Integer, _whole),
    (fields.Boolean, _truth),
)


def _faults(kind: ImportKind, messages: Mapping[str, Any]) -> list[Fault]:
    known = loader(kind.schema).fields
    places = {name: place for place, name in enumerate(known)}
    found = []
    for name, said in sorted(messages.items(), key=lambda each: places.get(each[0], len(places))):
        column = "" if name == "_schema" else name
        found.append(Fault(column, " ".join(_texts(said)), accepted_in(kind, column)))
    return found


def _texts(messages: Any, at: str = "") -> Iterable[str]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _texts(below, f"{at}{key}: " if key != "_schema" else at)
    else:
        for text in messages if isinstance(messages, list) else [messages]:
            yield f"{at}{text}"


def accepted_in(kind: ImportKind, column: str) -> str:
    """Return in words what a column accepts; for a row as a whole or a strange column: which there are."""
    field = loader(kind.schema).fields.get(canonical(column))
    return accepted_by(field) if field else f"the columns {', '.join(columns_of(kind.schema))}"


def accepted_by(field: Any) -> str:
    """Return in words what a field takes: its allowed values, or the form that its declaration names."""
    if "accepted" in field.metadata:
        return str(field.metadata["accepted"])
    if isinstance(field, fields.List):
        return f"several, separated by commas: {accepted_by(field.inner)}"
    for validator in field.validators:
        if isinstance(validator, validate.OneOf) and len(list(validator.choices)) <= _MOST_NAMED:
            return ", ".join(str(choice) for choice in validator.choices)
        if isinstance(validator, validate.Range):
            return f"a whole number from {validator.min} to {validator.max}"
    if isinstance(field, Text):
        return f"a text of at most {field.longest} characters"
    return next((words for kinds, words in _WORDS if isinstance(field, kinds)), "a text")


_WORDS: tuple[tuple[Any, str], ...] = (
    (fields.Date, "a date such as 2026-01-31"),
    (fields.Boolean, "true or false"),
    (fields.Integer, "a whole number"),
    (fields.UUID, "an id such as 01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11"),
    (Email, "an e-mail address in ASCII, such as kim@leverantor.example"),
    ((fields.Dict, fields.Nested), "a JSON object"),
)
