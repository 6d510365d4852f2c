"""Loading by a schema as marshmallow does it, with what follows from the schema worked out once.

marshmallow asks at every value what its field is, and keeps errors for it: that is most of what it costs to
read a small event. Here what is right is taken at once; whatever is not, or is not plain, is left to
marshmallow, which says what is wrong. Likewise for what is about to be sent: values that are what their
fields load are right, and need not be written as JSON and read again to know that.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, fields, missing
from marshmallow.decorators import POST_LOAD, PRE_LOAD, VALIDATES, VALIDATES_SCHEMA
from marshmallow.error_store import ErrorStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Load = Callable[[Any], Any]
    Take = Callable[[Any, str | None, Any], Any]  # (value, its name, the object that it stands in)

_OTHERWISE = ValidationError("marshmallow has to look at it: perhaps only to say what is wrong")


@cache
def loader(schema: type[Schema]) -> Schema:
    """Return the one instance of a schema: building one costs more than loading a small event."""
    return schema()


@cache
def reader(schema: type[Schema]) -> Load:
    """Return what loads one object by a schema; it raises marshmallow.ValidationError as Schema.load does."""
    whole = loader(schema)
    quick = _of_schema(whole, whole.unknown)
    if quick is None:
        return whole.load

    def read(data: Any) -> Any:
        try:
            return quick(data)
        except ValidationError:
            return whole.load(data)

    return read


def _of_schema(schema: Schema, unknown: str) -> Load | None:
    """Return what loads an object that is right; None for a schema that has ways of its own."""
    if unknown == INCLUDE or _has_own_ways(schema):
        return None
    members = [
        (field.data_key or name, name, _of_field(field), field) for name, field in schema.load_fields.items()
    ]
    known, takes_others = {key for key, *_ in members}, unknown == EXCLUDE
    checked = bool(schema._hooks[VALIDATES_SCHEMA])

    def load(data: Any) -> Any:
        if type(data) is not dict or not (takes_others or data.keys() <= known):
            raise _OTHERWISE
        loaded = {}
        for key, name, take, field in members:
            given = data.get(key, missing)
            value = _default(field) if given is missing else take(given, key, data)
            if value is not missing:
                loaded[name] = value
        if checked:
            _check(schema, loaded, data, unknown)
        return loaded

    return load


def _has_own_ways(schema: Schema) -> bool:
    hooks = any(schema._hooks.get(kind) for kind in (PRE_LOAD, POST_LOAD, VALIDATES))
    changed = type(schema).load is not Schema.load or bool(schema.partial)
    return hooks or changed or any(field.attribute for field in schema.load_fields.values())


def _check(schema: Any, loaded: Any, data: Any, unknown: str) -> None:
    """Have a right object checked as a whole."""
    errors: Any = ErrorStore()  # type: ignore[no-untyped-call]
    for whole in (True, False):
        schema._invoke_schema_validators(
            error_store=errors,
            pass_collection=whole,
            data=loaded,
            original_data=data,
            many=False,
            partial=None,
            unknown=unknown,
        )
    if errors.errors:
        raise _OTHERWISE


def _default(field: Any) -> Any:
    if field.required:
        raise _OTHERWISE
    default = field.load_default
    return default() if callable(default) else default


def _of_field(field: Any) -> Take:
    """Return how a value that is there is taken."""
    if field.pre_load or field.post_load:
        whole: Take = field.deserialize
        return whole
    make = _PLAIN.get(type(field)._deserialize)
    take: Take = (make and make(field)) or field._deserialize
    may_be_null, validators = field.allow_none, field.validators

    def checked(value: Any, key: str | None, data: Any) -> Any:
        if value is None:
            if may_be_null:
                return None
            raise _OTHERWISE
        loaded = take(value, key, data)
        for validate in validators:
            validate(loaded)
        return loaded

    return checked


def _text(_field: Any) -> Take:
    return _same


def _same(value: Any, _key: str | None, _data: Any) -> Any:
    if type(value) is not str:
        raise _OTHERWISE
    return value


def _list(field: Any) -> Take:
    inner = _of_field(field.inner)
    return lambda value, key, data: [inner(each, key, data) for each in _items(value)]


def _nested(field: Any) -> Take | None:
    one = _of_schema(field.schema, field.unknown or field.schema.unknown)
    if one is None:
        return None
    if field.many or field.schema.many:
        return lambda value, _key, _data: [one(each) for each in _items(value)]
    return lambda value, _key, _data: one(value)


def _items(value: Any) -> list[Any]:
    if type(value) is not list:
        raise _OTHERWISE
    return value


# By the method that marshmallow would call: a field that overrides it takes its values itself.
_PLAIN: dict[Any, Callable[[Any], Take | None]] = {
    fields.String._deserialize: _text,
    fields.List._deserialize: _list,
    fields.Nested._deserialize: _nested,
}


@cache
def acceptor(schema: type[Schema]) -> Callable[[Mapping[str, Any]], bool]:
    """Return what tells of values that are not JSON yet whether a schema takes them.

    False does not say that they are wrong: then what they are as JSON has to be loaded.
    """
    whole = loader(schema)
    if _has_own_ways(whole) or whole._hooks[VALIDATES_SCHEMA]:
        return lambda _data: False
    members = {field.data_key or name: _accepts(field) for name, field in whole.load_fields.items()}
    required = {field.data_key or name for name, field in whole.load_fields.items() if field.required}

    def accept(data: Mapping[str, Any]) -> bool:
        try:
            return required <= data.keys() and all(members[key](value) for key, value in data.items())
        except (KeyError, TypeError, ValueError, ValidationError):
            return False

    return accept


def _accepts(field: Any) -> Callable[[Any], bool]:
    """Return what tells whether a value is one that the field loads."""
    kinds, as_read = _LOADED.get(type(field), ((), None))
    may_be_null = field.allow_none
    each = _accepts(field.inner) if type(field) is fields.List else None
    if field.pre_load or field.post_load or _is_written_otherwise(field):
        kinds = ()

    def accept(value: Any) -> bool:
        if value is None:
            return bool(may_be_null)
        if type(value) not in kinds or (each and not all(map(each, value))):
            return False
        if as_read:
            value = as_read(value)
        for validate in field.validators:
            validate(value)
        return value is not None

    return accept


def _is_written_otherwise(field: Any) -> bool:
    """Tell whether a field has a form of its own in JSON."""
    own_truths = isinstance(field, fields.Boolean) and field.truthy is not type(field).truthy
    return own_truths or getattr(field, "format", None) not in (None, "iso")


def _decimal_as_read(number: Decimal) -> Decimal | None:
    """Return what is read of a Decimal that was written as JSON has it; None: it has no number for it."""
    written = float(number)
    return Decimal(str(written)) if isfinite(written) else None


def _moment_as_read(moment: datetime) -> datetime | None:
    return moment if moment.tzinfo else None


# What fields load; and how it is read again, None: not at all.
_LOADED: dict[Any, tuple[tuple[type, ...], Callable[[Any], Any] | None]] = {
    fields.String: ((str,), None),
    fields.UUID: ((UUID,), None),
    fields.Integer: ((int,), None),
    fields.Boolean: ((bool,), None),
    fields.Decimal: ((Decimal,), _decimal_as_read),
    fields.Date: ((date,), None),
    fields.AwareDateTime: ((datetime,), _moment_as_read),
    fields.List: ((list, tuple), None),
}
