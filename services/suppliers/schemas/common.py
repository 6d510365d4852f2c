"""Fields and rules that several schemas share."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

LANGUAGES = ("sv", "en")
SLUG = validate.Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Must be lower-case words joined by hyphens.")
NAME = validate.Length(1, 200)
TEXT = validate.Length(1, 100)


def distinct(values: list[Any]) -> None:
    """Refuse a list that says something twice."""
    if len(set(values)) != len(values):
        raise ValidationError("Must not repeat a value.")


class StoredDate(fields.Date):
    """A date; on its way out it may be the text that it already is inside stored JSON."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value
