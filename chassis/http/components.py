"""The schemas of an OpenAPI document: of what is sent to a service, and of what it answers, by name.

One schema class may be both: what is left out of a request has its default, an answer says everything. Then
the request's half is called `…Input`.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from marshmallow import EXCLUDE, INCLUDE

from chassis import describing
from chassis.http.paging import Order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marshmallow import Schema, fields


# In a field's metadata: an answer leaves it out where there is nothing to say
_OPTIONAL = "x-optional"


class Components:
    """What a service's endpoints send and take. Ask for all answers before the first body."""

    def __init__(self, service: str) -> None:
        """Begin with nothing."""
        self._service = service
        self._answers = describing.plugin(self._name)
        self._bodies = describing.plugin(self._name_of_body)
        self._shown = APISpec("", "1", "3.1.0", plugins=[self._answers])
        self._taken = APISpec("", "1", "3.1.0", plugins=[self._bodies])
        self._classes: dict[str, type[Schema]] = {}

    def answer(self, schema: type[Schema]) -> dict[str, Any]:
        """Return a reference to the schema of an answer."""
        reference: dict[str, Any] = self._answers.converter.resolve_nested_schema(schema)  # type: ignore[union-attr]
        return reference

    def body(self, schema: type[Schema]) -> dict[str, Any]:
        """Return a reference to the schema of a request's body."""
        reference: dict[str, Any] = self._bodies.converter.resolve_nested_schema(schema)  # type: ignore[union-attr]
        return reference

    def query(self, schema: type[Schema]) -> Iterable[dict[str, Any]]:
        """Give the parameters that a query takes."""
        for name, field in schema().fields.items():
            described = _filter(self._bodies.converter.field2property(field))  # type: ignore[union-attr]
            if isinstance(field, Order):
                described = {"type": "string", "enum": _orders(schema)}
            if described.get("enum") or not isinstance(field, Order):
                yield {
                    "name": name,
                    "in": "query",
                    "required": field.required,
                    "schema": described,
                    **_told(field),
                }

    def path(self, schema: type[Schema]) -> dict[str, dict[str, Any]]:
        """Return what the parts of an address must be, by name."""
        of = self._bodies.converter.field2property  # type: ignore[union-attr]
        return {name: of(field) for name, field in schema().fields.items()}

    def all(self) -> dict[str, Any]:
        """Return every schema by its name."""
        shown, taken = (spec.to_dict().get("components", {}) for spec in (self._shown, self._taken))
        answers = {name: _whole(each) for name, each in shown.get("schemas", {}).items()}
        bodies = {name: self._closed(name, each) for name, each in taken.get("schemas", {}).items()}
        return {name: self._documented(name, each) for name, each in {**answers, **bodies}.items()}

    def _name(self, schema: Any) -> str:
        cls: Any = schema if inspect.isclass(schema) else type(schema)
        own = cls.__module__.startswith("chassis.")
        name: str = cls.__name__ if own else f"{self._service}.{cls.__name__}"
        self._classes[name] = cls
        return name

    def _name_of_body(self, schema: Any) -> str:
        name = self._name(schema)
        if name not in self._shown.components.schemas:
            return name
        self._classes[f"{name}Input"] = self._classes[name]
        return f"{name}Input"

    def _closed(self, name: str, described: dict[str, Any]) -> dict[str, Any]:
        """Say that a body takes nothing else, where that is so."""
        unknown = getattr(self._classes[name].Meta, "unknown", None)
        return described if unknown in {INCLUDE, EXCLUDE} else {**described, "additionalProperties": False}

    def _documented(self, name: str, described: dict[str, Any]) -> dict[str, Any]:
        cls = self._classes[name]
        about = inspect.getdoc(cls) if "__doc__" in vars(cls) and cls.__doc__ else None
        return {**described, "description": about} if about else described


def _whole(described: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an answer: it says everything that is not `x-optional`, and has no defaults."""
    properties = described.get("properties", {})
    required = [name for name, each in properties.items() if _OPTIONAL not in each]
    shown = {
        name: {key: value for key, value in each.items() if key not in {"default", _OPTIONAL}}
        for name, each in properties.items()
    }
    return {**described, "properties": shown, "required": required}


def _filter(described: dict[str, Any]) -> dict[str, Any]:
    """Return a query parameter's schema: an address cannot say null, what is not said has its default."""
    kinds = described.get("type")
    plain = (
        {**described, "type": next(kind for kind in kinds if kind != "null")}
        if isinstance(kinds, list)
        else described
    )
    if "enum" in plain:
        plain = {**plain, "enum": [each for each in plain["enum"] if each is not None]}
    return {key: value for key, value in plain.items() if key != "default" or value is not None}


def _orders(schema: Any) -> list[str]:
    return [f"{sign}{name}" for name in schema.sorts for sign in ("", "-")]


def _told(field: fields.Field[Any]) -> dict[str, Any]:
    about = field.metadata.get("description")
    return {"description": about} if about else {}
