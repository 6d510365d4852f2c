"""What a rule set says of country indices: how values are read, and what they are worth on 0-100."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

if TYPE_CHECKING:
    from collections.abc import Mapping


def number(low: int, high: int) -> fields.Decimal:
    """Return a field for a number from `low` to `high`, both included."""

    def within(number: Decimal) -> None:
        if not low <= number <= high:
            raise ValidationError(f"Must be from {low} to {high}.")

    # what documents say: they are written in floats, which a Range of this field's would not be
    bounds = {"minimum": low, "maximum": high}
    return fields.Decimal(required=True, validate=within, allow_nan=False, metadata=bounds)


def points() -> fields.Decimal:
    """Return a field for a number on the scale of scores."""
    return number(0, 100)


# A rating, and how many an index may have
_RATING, _MOST_RATINGS = r"(0|-?[1-9][0-9]{0,6})\Z", 101


class IndexRules(Schema):
    """A country index as it is published: 0-100, or ratings; `convert` says what each is worth there."""

    low = number(-1_000_000, 1_000_000)
    high = number(-1_000_000, 1_000_000)
    labels = fields.Dict(
        fields.String(validate=validate.Length(min=1)), fields.Decimal(allow_nan=False), load_default=dict
    )
    convert = fields.Dict(
        fields.String(validate=validate.Regexp(_RATING, error="Must be a rating: a whole number.")),
        points(),
        load_default=dict,
        validate=validate.Length(max=_MOST_RATINGS),
    )

    @validates_schema(skip_on_field_errors=True)
    def _has_a_range(self, data: dict[str, Any], **_: Any) -> None:
        low, high = data["low"], data["high"]
        if low >= high:
            raise ValidationError("Must be above low.", "high")
        faults = {"convert": _missed(low, high, data["convert"]), "labels": _strange(data)}
        if any(faults.values()):
            raise ValidationError({name: told for name, told in faults.items() if told})


def _missed(low: Decimal, high: Decimal, convert: Mapping[str, Decimal]) -> list[str]:
    """Tell of ratings that are not converted, and of what is converted and is none."""
    if not convert:
        on_scale = low == 0 and high == 100
        return [] if on_scale else ["Must say what each rating is worth: the range is not 0 to 100."]
    if low % 1 or high % 1 or high - low >= _MOST_RATINGS:
        return [f"Ratings are at most {_MOST_RATINGS} whole numbers, and the range holds others."]
    ratings, named = set(range(int(low), int(high) + 1)), {int(each) for each in convert}
    missing, strange = sorted(ratings - named), sorted(named - ratings)
    return [f"Lacks the rating {each}." for each in missing] + [
        f"{each} is out of range." for each in strange
    ]


def _strange(index: Mapping[str, Any]) -> list[str]:
    """Tell of labels that stand for what is no value of the index."""
    if ratings := {Decimal(each) for each in index["convert"]}:
        return [f"{name} stands for no rating." for name, of in index["labels"].items() if of not in ratings]
    low, high = index["low"], index["high"]
    return [f"{name} is out of range." for name, of in index["labels"].items() if not low <= of <= high]
