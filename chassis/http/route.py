"""Routes: as they are declared (werkzeug's `<int(min=1990):year>`), and as documents name them (`{year}`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_CONVERTER = re.compile(r"<(?:(\w+)(?:\(([^()<>]*)\))?:)?(\w+)>")
_LIMITS = {"min": "minimum", "max": "maximum"}


@dataclass(frozen=True, slots=True)
class PathParameter:
    """A part of an address that varies, and what its converter lets through, in JSON Schema."""

    name: str
    schema: dict[str, Any]


def template(route: str) -> str:
    """Return a route as documents name it."""
    return _CONVERTER.sub(r"{\3}", route)


def parameters(route: str) -> tuple[PathParameter, ...]:
    """Return what varies in a route."""
    return tuple(
        PathParameter(name, _schema(kind or "string", arguments or ""))
        for kind, arguments, name in _CONVERTER.findall(route)
    )


def _schema(kind: str, arguments: str) -> dict[str, Any]:
    if kind == "uuid":
        return {"type": "string", "format": "uuid"}
    if kind == "any":
        return {"type": "string", "enum": [each.strip() for each in arguments.split(",")]}
    given = dict(re.findall(r"(\w+)\s*=\s*(\d+)", arguments))
    if kind == "int":
        limits = {_LIMITS[name]: int(value) for name, value in given.items() if name in _LIMITS}
        return {"type": "integer", "minimum": 0, **limits}
    return {"type": "string", "minLength": 1}
