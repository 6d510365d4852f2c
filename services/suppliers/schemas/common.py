"""Fields and rules that several schemas share."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, validate

from chassis.fields import Day
from services.suppliers import reference

LANGUAGES = ("sv", "en")
SLUG = validate.Regexp(
    r"(?=.{1,100}\Z)[a-z0-9]+(-[a-z0-9]+)*\Z",
    error="Must be lower-case words joined by hyphens, at most 100 characters.",
)
COUNTRY, REGION = {"pattern": "^[A-Z]{2}$"}, {"pattern": "^[0-9]{2}$"}  # as documents describe them
# Of a field that an answer leaves out where there is nothing to say
OPTIONAL = {"x-optional": True}
LONGEST_NAME, LONGEST_TEXT = 200, 100
LONGEST_TERM = LONGEST_REASON = 500


def distinct(values: list[Any]) -> None:
    """Refuse a list that says something twice."""
    if len(set(values)) != len(values):
        raise ValidationError("Must not repeat a value.")


def check_country(code: str) -> None:
    """Refuse what is no country."""
    if code not in reference.COUNTRIES:
        raise ValidationError("Must be an ISO 3166-1 alpha-2 country code.")


def check_region(code: str) -> None:
    """Refuse what is no region."""
    if code not in reference.REGIONS:
        raise ValidationError("Must be a Swedish county code, such as 01.")


class StoredDate(Day):
    """A date; on its way out it may be the text that it already is inside stored JSON."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value
