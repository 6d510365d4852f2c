"""Where a fault is: JSON pointers into a body, `?name` of a query, `{name}` of an address.

marshmallow's messages alone do not tell: `_schema` may be the whole object or a member of that name, and
below a name in a mapping it puts `key` and `value`. What the schema and the data are, decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, fields
from marshmallow.exceptions import SCHEMA

from chassis import turns

QUERY, PATH = "?", "{}"
_Step = tuple[Any, str, Any, Any]  # messages, where, by what they were made, of which data


def pointers(messages: Any, at: str = "", of: Any = None, data: Any = None) -> dict[str, str]:
    """Flatten messages: pointer -> what is wrong there. `of`: the schema that has loaded `data`."""
    found: dict[str, str] = {}
    left: list[_Step] = [(messages, at, of, data)]
    while left:
        turns.passed()
        told, place, field, value = left.pop()
        if isinstance(told, dict):
            made_by = field.schema if isinstance(field, fields.Nested) else field
            left.extend(_steps(told, place, made_by, value))
        else:
            texts = told if isinstance(told, list) else [told]
            known = [found[place]] if place in found else []
            found[place] = " ".join([*known, *map(str, texts)])
    return found


def below(at: str, key: object) -> str:
    """Return the pointer to a member or an item, or to a parameter of the query or the address."""
    if at == PATH:
        return f"{{{key}}}"
    return f"{at}{'' if at == QUERY else '/'}{escaped(str(key))}"


def escaped(key: str) -> str:
    """Return a member's name as it stands in a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _steps(messages: Mapping[Any, Any], at: str, of: Any, data: Any) -> Iterator[_Step]:
    if isinstance(of, Schema):
        yield from _of_object(messages, at, of, data)
        return
    inner = of.inner if isinstance(of, fields.List) else None
    names = isinstance(of, fields.Mapping) and (of.key_field or of.value_field)
    for key, under in messages.items():
        place = at if key == SCHEMA and not _has(data, SCHEMA) else below(at, key)
        if names and isinstance(under, dict):
            yield from ((text, place, _part(of, part), _item(data, key)) for part, text in under.items())
        else:
            yield under, place, inner, _item(data, key)


def _of_object(messages: Mapping[Any, Any], at: str, schema: Schema, data: Any) -> Iterator[_Step]:
    members = {field.data_key or name: field for name, field in schema.load_fields.items()}
    for key, under in messages.items():
        if key != SCHEMA or key in members:
            yield under, below(at, key), members.get(key), _item(data, key)
        elif _has(data, SCHEMA):
            unknown = schema.error_messages["unknown"]
            yield [text for text in under if text == unknown], below(at, key), None, None
            if whole := [text for text in under if text != unknown]:
                yield whole, at, None, None
        else:
            yield under, at, None, None


def _part(mapping: Any, part: str) -> Any:
    return mapping.value_field if part == "value" else mapping.key_field


def _has(data: Any, name: str) -> bool:
    return isinstance(data, Mapping) and name in data


def _item(data: Any, key: Any) -> Any:
    if isinstance(data, Mapping):
        return data.get(key)
    return data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None
