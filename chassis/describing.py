"""Our own fields in the words of JSON Schema, for the documents that are generated from declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import validate

from chassis.fields import DAY, LONGEST_MAILBOX, OF_LINES, OF_ONE_LINE, Day, Email, Grid, List, Number, Text

if TYPE_CHECKING:
    from collections.abc import Callable


def plugin(name_of: Callable[[Any], str]) -> MarshmallowPlugin:
    """Return apispec's plugin that knows our fields; `name_of` names a schema class (or instance)."""
    return _Plugin(schema_name_resolver=name_of)


class _Plugin(MarshmallowPlugin):
    """apispec's, with what it does not know by itself."""

    def init_spec(self, spec: Any) -> None:
        super().init_spec(spec)
        if self.converter is not None:
            for describe in (_grid, _text, _number, _list, _pattern):
                self.converter.add_attribute_function(describe)


def _grid(_converter: Any, field: Any, **_: Any) -> dict[str, Any]:
    """Describe a grid: marshmallow knows it as a field of no particular type."""
    if not isinstance(field, Grid):
        return {}
    cell = {"type": ["number", "null"], "minimum": field.low, "maximum": field.high}
    row = {"type": "array", "items": cell, "minItems": field.columns, "maxItems": field.columns}
    kind = ["array", "null"] if field.allow_none else "array"
    return {"type": kind, "items": row, "minItems": field.rows, "maxItems": field.rows}


def _text(_converter: Any, field: Any, **_: Any) -> dict[str, Any]:
    """Describe our own texts as far as the schema language reaches."""
    if isinstance(field, Email):
        return {"format": "email", "maxLength": LONGEST_MAILBOX}
    if isinstance(field, Text):
        form = (OF_LINES if field.lines else OF_ONE_LINE).pattern
        return {"minLength": 1, "maxLength": field.longest, "pattern": f"^{form}$"}
    return {"pattern": f"^{DAY.pattern}$"} if isinstance(field, Day) else {}


def _number(_converter: Any, field: Any, **_: Any) -> dict[str, Any]:
    return {"minimum": field.low, "maximum": field.high} if isinstance(field, Number) else {}


def _list(_converter: Any, field: Any, **_: Any) -> dict[str, Any]:
    """Say how many items a list that is sent may have; what is only shown has as many as there are."""
    if not isinstance(field, List):
        return {}
    rules = [rule for rule in field.validators if isinstance(rule, validate.Length)]
    limits = [most for rule in rules for most in (rule.max, rule.equal) if most is not None]
    return {"maxItems": min([field.most, *limits])}


def _pattern(_converter: Any, field: Any, **_: Any) -> dict[str, Any]:
    """Say a pattern as JSON Schema has it: unanchored where Python's match begins at the start."""
    rules = [rule for rule in field.validators if isinstance(rule, validate.Regexp)]
    if not rules:
        return {}
    text = str(rules[0].regex.pattern).removeprefix("^").replace(r"\Z", "$")
    return {"pattern": f"^(?:{text})" if "|" in text else f"^{text}"}
