"""From cells to values: texts become what the schema asks for, and every fault says what is accepted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
from marshmallow import ValidationError, fields, validate

from chassis.events import loader
from chassis.imports.kinds import Fault, Parsed
from chassis.tables import TableError, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from chassis.imports.kinds import ImportKind

_MOST_NAMED = 60  # allowed values that a report spells out
_SEPARATORS = re.compile(r"\s*[,;|\s]\s*")
_GROUPED = re.compile(r"-?[0-9]{1,3}([  .][0-9]{3})+|-?[0-9]+")
_TRUTHS = {
    **dict.fromkeys(("true", "yes", "ja", "1", "x"), True),
    **dict.fromkeys(("false", "no", "nej", "0"), False),
}


def canonical(column: str) -> str:
    """Return a column's name as schemas have it: `Legal name` is `legal_name`."""
    return re.sub(r"[\s\-]+", "_", column.strip()).lower()


def check_columns(kind: ImportKind, columns: Sequence[str]) -> None:
    """Raise TableError unless the kind knows every column, and each once."""
    known = columns_of(kind.schema)
    names = [canonical(column) for column in columns]
    strange = [c for c, n in zip(columns, names, strict=True) if n not in known and n not in kind.ignores]
    if strange:
        told = ", ".join(repr(column) for column in strange[:10])
        raise TableError(f"has columns that {kind.name!r} does not: {told}. It has: {', '.join(known)}.", 1)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"names the column {twice[0]!r} twice.", 1)


def load(
    kind: ImportKind, number: int, cells: Mapping[str, object], wrong: Mapping[str, str]
) -> Parsed | list[Fault]:
    """Return what the row says, or all that is wrong; `wrong`: what reading the file found already.

    Schemas' defaults are left out: what a row does not say must not be taken for something it says.
    """
    if "" in wrong:
        return [Fault("", wrong[""])]  # there is no row: no column of it can be missing
    given = {canonical(column): cell for column, cell in cells.items()}
    values = {name: _value(kind, name, cell) for name, cell in given.items() if name not in kind.ignores}
    faults = [Fault(column, problem) for column, problem in wrong.items()]
    try:
        loaded = loader(kind.schema).load(values)
    except ValidationError as fault:
        said = {canonical(column) for column in wrong}
        faults += [each for each in _faults(kind, fault.messages_dict) if each.column not in said]
        return faults
    return faults or Parsed(number, _plain({name: loaded[name] for name in loaded if name in values}))


def _plain(loaded: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(orjson.dumps(loaded, default=str))
    return plain


def _value(kind: ImportKind, name: str, cell: object) -> object:
    """Return what a text means to its field; what has no such meaning stays, for the schema to refuse."""
    field = loader(kind.schema).fields.get(name)
    if field is None or not isinstance(cell, str):
        return cell
    for kinds, read in _READERS:
        if isinstance(field, kinds):
            return read(cell)
    return cell


def _json(text: str) -> object:
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value


def _list(text: str) -> object:
    return _json(text) if text.startswith("[") else _SEPARATORS.split(text)


def _whole(text: str) -> object:
    return int(re.sub(r"[  .]", "", text)) if _GROUPED.fullmatch(text) and len(text) < 40 else text


def _truth(text: str) -> object:
    return _TRUTHS.get(text.lower(), text)


_READERS: tuple[tuple[Any, Callable[[str], object]], ...] = (
    (fields.List, _list),
    ((fields.Dict, fields.Nested), _json),
    (fields.Integer, _whole),
    (fields.Boolean, _truth),
)


def _faults(kind: ImportKind, messages: Mapping[str, Any]) -> list[Fault]:
    known = loader(kind.schema).fields
    found = []
    places = {name: place for place, name in enumerate(known)}
    for name, said in sorted(messages.items(), key=lambda each: places.get(each[0], len(places))):
        column = "" if name == "_schema" else name
        field = known.get(name)
        accepted = accepted_by(field) if field else (", ".join(columns_of(kind.schema)) if column else None)
        found.append(Fault(column, " ".join(_texts(said)), accepted))
    return found


def _texts(messages: Any, at: str = "") -> Iterable[str]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _texts(below, f"{at}{key}: " if key != "_schema" else at)
    else:
        for text in messages if isinstance(messages, list) else [messages]:
            yield f"{at}{text}"


def accepted_by(field: Any) -> str | None:
    """Return in words what a field takes: its allowed values, or the form that its declaration names."""
    if "accepted" in field.metadata:
        return str(field.metadata["accepted"])
    if isinstance(field, fields.List):
        inner = accepted_by(field.inner)
        return f"several, separated by commas: {inner}" if inner else "several, separated by commas"
    for validator in field.validators:
        if isinstance(validator, validate.OneOf) and len(list(validator.choices)) <= _MOST_NAMED:
            return ", ".join(str(choice) for choice in validator.choices)
        if isinstance(validator, validate.Range):
            return f"a whole number from {validator.min} to {validator.max}"
    return next((words for kinds, words in _WORDS if isinstance(field, kinds)), None)


_WORDS: tuple[tuple[Any, str], ...] = (
    (fields.Date, "a date such as 2026-01-31"),
    (fields.Boolean, "true or false"),
    (fields.Integer, "a whole number"),
    ((fields.Dict, fields.Nested), "a JSON object"),
)
