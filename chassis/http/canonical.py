"""A query's values, which are all texts, as strictly as their description says: one way to write each.

marshmallow reads `1_0`, `+5`, ` 5 ` and digits of other scripts as whole numbers, and `20260101` as a date.
What two readers could take for two things is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from marshmallow import fields
from werkzeug.routing import IntegerConverter

from chassis.fields import DAY, UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from marshmallow import Schema

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_FORMS: tuple[tuple[type[fields.Field[Any]], re.Pattern[str], str], ...] = (
    (fields.Integer, _WHOLE, "Not a valid integer."),
    (fields.Boolean, re.compile("true|false"), "Must be true or false."),
    (fields.Date, DAY, "Not a valid date."),
    (fields.UUID, UUID, "Not a valid UUID."),
)


class Whole(IntegerConverter):
    """A whole number as a part of an address."""

    regex = "0|[1-9][0-9]*"


def odd_ones(schema: Schema, given: Mapping[str, Any]) -> dict[str, str]:
    """Return what is not written as it should be: name -> what is wrong."""
    found = {}
    for name, value in given.items():
        field = schema.fields.get(name)
        for kind, form, text in _FORMS:
            if isinstance(field, kind) and isinstance(value, str) and not form.fullmatch(value):
                found[name] = text
    return found
