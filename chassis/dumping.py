"""Dumping by a schema as marshmallow does it, with what follows from the schema worked out once.

marshmallow asks at every value what its field is, how to get at it and whether there are hooks: in a page of
50 nested items that is most of what an answer costs. What is not plain is left to the field itself.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, missing
from marshmallow.decorators import POST_DUMP, PRE_DUMP
from marshmallow.utils import ensure_text_type

from chassis import turns
from chassis.loading import loader

if TYPE_CHECKING:
    from collections.abc import Callable

    Convert = Callable[[Any], Any]


@cache
def dumper(schema: type[Schema]) -> Convert:
    """Return what dumps one object by a schema: a mapping, or anything with attributes."""
    return _of_schema(loader(schema))


def _of_schema(schema: Schema) -> Convert:
    hooked = any(schema._hooks.get(kind) for kind in (PRE_DUMP, POST_DUMP))
    if hooked or type(schema).get_attribute is not Schema.get_attribute:
        return schema.dump
    members = [
        (field.data_key or name, name, _SHOWN_AS_IT_IS.get(type(field)._serialize), _of_member(field), field)
        for name, field in schema.dump_fields.items()
    ]

    def dump(item: Any) -> dict[str, Any]:
        get = item.get if isinstance(item, dict) else partial(getattr, item)
        shown = {}
        for key, name, plain, convert, field in members:
            if convert is None:
                value = field.serialize(name, item, schema.get_attribute)
            else:
                value = get(name, missing)
                if type(value) is not plain and value is not None and value is not missing:
                    value = convert(value)
            if value is not missing:
                shown[key] = value
        return shown

    return dump


def _of_member(field: Any) -> Convert | None:
    """Return how a member's value is shown; None: only the field knows, which may look at the whole."""
    special = field.attribute is not None or field.dump_default is not missing or not field._CHECK_ATTRIBUTE
    return None if special else _of_field(field)


def _of_field(field: Any) -> Convert | None:
    """Return how a value that is not None is shown; None for a field that does it in a way of its own."""
    make = _PLAIN.get(type(field)._serialize)
    return make(field) if make else None


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    return value if type(value) is str else ensure_text_type(value)


def _number(field: Any) -> Convert | None:
    return None if field.as_string else field._format_num


def _time(field: Any) -> Convert | None:
    known: Convert | None = field.SERIALIZATION_FUNCS.get(field.format or field.DEFAULT_FORMAT)
    return known


def _nested(field: Any) -> Convert:
    schema = field.schema
    one = _of_schema(schema)
    return partial(_each, one) if schema.many or field.many else one


def _list(field: Any) -> Convert | None:
    inner = _of_field(field.inner)
    return inner and partial(_each, inner)


def _each(convert: Convert, values: Any) -> list[Any]:
    if isinstance(values, list) and len(values) <= turns.ROWS:  # as most are: a slice is work, too
        return [None if value is None else convert(value) for value in values]
    return [None if value is None else convert(value) for some in turns.slices(values) for value in some]


def _mapping(field: Any) -> Convert | None:
    if field.key_field is None and field.value_field is None:
        plain: Convert = field.mapping_type
        return plain
    name = _of_field(field.key_field) if field.key_field else _same
    convert = _of_field(field.value_field) if field.value_field else _same
    if name is None or convert is None or field.mapping_type is not dict:
        return None
    return partial(_members, name, convert)


def _members(name: Convert, convert: Convert, values: Any) -> dict[Any, Any]:
    return {name(key): None if value is None else convert(value) for key, value in values.items()}


# Types that a field shows as they are
_SHOWN_AS_IT_IS = {fields.String._serialize: str, fields.UUID._serialize: str}
# By the method that marshmallow would call: a field that overrides it is not plain.
_PLAIN: dict[Any, Callable[[Any], Convert | None]] = {
    fields.Field._serialize: lambda _: _same,
    fields.String._serialize: lambda _: _text,
    fields.UUID._serialize: lambda _: str,
    fields.Integer._serialize: _number,
    fields.DateTime._serialize: _time,
    fields.Nested._serialize: _nested,
    fields.List._serialize: _list,
    fields.Dict._serialize: _mapping,
}
