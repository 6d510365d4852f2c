"""Fields and rules that several schemas share."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

LANGUAGES = ("sv", "en")
SLUG = validate.Regexp(
    r"(?=.{1,100}\Z)[a-z0-9]+(-[a-z0-9]+)*\Z",
    error="Must be lower-case words joined by hyphens, at most 100 characters.",
)
COUNTRY, REGION = {"pattern": "^[A-Z]{2}$"}, {"pattern": "^[0-9]{2}$"}  # as documents describe them
LONGEST_NAME, LONGEST_TEXT = 200, 100
MOST_TERMS, LONGEST_TERM = 50, 500


def distinct(values: list[Any]) -> None:
    """Refuse a list that says something twice."""
    if len(set(values)) != len(values):
        raise ValidationError("Must not repeat a value.")


class Terms(fields.Dict):
    """The values of a clause's periods by name: texts, whole numbers of 64 bits, booleans and nulls."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > MOST_TERMS:
            raise ValidationError(f"Must be an object of at most {MOST_TERMS} terms.")
        faults = {name: [fault] for name, term in value.items() if (fault := _fault(name, term))}
        if faults:
            raise ValidationError(faults)
        return value


def _fault(name: str, term: object) -> str | None:
    """Say what is wrong with a term, if anything is."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_TEXT:
        return f"Must have a name of at most {LONGEST_TEXT} printable characters."
    if isinstance(term, str):
        return None if len(term) <= LONGEST_TERM else f"Must have at most {LONGEST_TERM} characters."
    if term is None or (isinstance(term, int) and -(2**63) <= term < 2**63):
        return None
    return "Must be a text, a whole number of at most 64 bits, a boolean or null."


class StoredDate(fields.Date):
    """A date; on its way out it may be the text that it already is inside stored JSON."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value
