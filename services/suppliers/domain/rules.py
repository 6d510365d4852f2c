"""The rule set of the risk score: every weight, threshold and floor, as data."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_PLACES = 20  # more than any value is published with
# In a fixed order of steps, the same facts give the same digits on every machine
ARITHMETIC = Context(prec=28, rounding=ROUND_HALF_EVEN)
# The four areas of the code of conduct; the order of the matrix's columns.
AREAS = ("human_rights", "workers_rights", "environment", "business_ethics")


@dataclass(frozen=True, slots=True)
class Index:
    """A country index as it is published: its range, its labels, and what a rating is worth on 0-100."""

    low: Decimal
    high: Decimal
    labels: Mapping[str, Decimal]
    convert: Mapping[Decimal, Decimal]

    def read(self, value: object) -> Decimal:
        """Return the number that a published value is kept as; ValueError says what is wrong with it."""
        try:
            number = self.labels[str(value)] if str(value) in self.labels else _number(value)
        except InvalidOperation:
            raise ValueError("Must be a number.") from None
        if not number.is_finite() or not self.low <= number <= self.high:
            raise ValueError(f"Must be from {self.low} to {self.high}.")
        if abs(int(number.as_tuple().exponent)) > _MOST_PLACES:
            raise ValueError(f"Must have at most {_MOST_PLACES} decimals.")
        if self.convert and number not in self.convert:
            raise ValueError("Must be a rating, without fractions.")
        return number

    def safety(self, value: Decimal) -> Decimal:
        """Return a kept value on the scale 0-100 where higher is safer."""
        return self.convert[value] if self.convert else value


def area_safety(
    names: Sequence[str], indices: Mapping[str, Index], values: Mapping[str, Decimal | None]
) -> Decimal | None:
    """Return a country's value of an area on 0-100, higher is safer: the mean of indices; all are needed."""
    known = [indices[name].safety(value) for name in names if (value := values.get(name)) is not None]
    return sum(known, Decimal(0)) / len(known) if len(known) == len(names) else None


def _number(value: object) -> Decimal:
    """Return the number that is written in ASCII, as publishers write it: Decimal reads more than that."""
    text = str(value)
    if not text.isascii() or "_" in text:
        raise InvalidOperation
    return Decimal(text)


def read_values(
    index: Index, published: Mapping[str, object], iso2: Mapping[str, str]
) -> tuple[dict[str, Decimal], dict[str, str]]:
    """Return values by alpha-2 code from those published by alpha-3, and what is wrong with the others."""
    values, faults = {}, {}
    for iso3, value in published.items():
        try:
            values[iso2[iso3]] = index.read(value)
        except KeyError:
            faults[iso3] = "Must be an ISO 3166-1 alpha-3 country code."
        except ValueError as fault:
            faults[iso3] = str(fault)
    return values, faults


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the rule set; the file that it comes from explains each value."""

    name: str
    tiers: frozenset[int]
    country_worst: Decimal
    country_mean: Decimal
    area_indices: Mapping[str, tuple[str, ...]]
    indices: Mapping[str, Index]
    category_factor: Decimal
    inherent_country: Decimal
    inherent_category: Decimal
    severity_floors: Mapping[int, Decimal]
    confidence: Mapping[str, Decimal]
    confidence_left_at_end: Decimal
    mitigation_effect: Decimal
    per_deviation: Decimal
    per_overdue: Decimal
    severe_floor: Decimal
    score_max: Decimal
    score_mean: Decimal
    score_step: Decimal
    bands: tuple[tuple[str, Decimal], ...]


def parse_rules(name: str, data: Mapping[str, Any]) -> Rules:
    """Build the rule set from its file's content (numbers are int or Decimal)."""
    country, inherent, residual = data["country"], data["inherent"], data["residual"]
    score = data["score"]
    return Rules(
        name=name,
        tiers=frozenset(data["site"]["tiers"]),
        country_worst=Decimal(country["worst"]),
        country_mean=Decimal(country["mean"]),
        area_indices={area: tuple(country["areas"][area]) for area in AREAS},
        indices={index: _index(entry) for index, entry in sorted(country["indices"].items())},
        category_factor=Decimal(data["category"]["factor"]),
        inherent_country=Decimal(inherent["country"]),
        inherent_category=Decimal(inherent["category"]),
        severity_floors={
            int(severity): Decimal(floor) for severity, floor in inherent["severity_floors"].items()
        },
        confidence={stage: Decimal(value) for stage, value in data["confidence"].items()},
        confidence_left_at_end=Decimal(data["decay"]["left_at_end"]),
        mitigation_effect=Decimal(residual["mitigation"]),
        per_deviation=Decimal(residual["per_deviation"]),
        per_overdue=Decimal(residual["per_overdue"]),
        severe_floor=Decimal(residual["severe_floor"]),
        score_max=Decimal(score["max"]),
        score_mean=Decimal(score["mean"]),
        score_step=Decimal(score["step"]).normalize(),  # 0.10 would round to hundredths
        bands=tuple((band, _limit(limit)) for band, limit in data["bands"].items()),
    )


def _index(entry: Mapping[str, Any]) -> Index:
    return Index(
        low=Decimal(entry["low"]),
        high=Decimal(entry["high"]),
        labels={label: Decimal(value) for label, value in entry.get("labels", {}).items()},
        convert={Decimal(rating): Decimal(value) for rating, value in entry.get("convert", {}).items()},
    )


def _limit(limit: object) -> Decimal:
    return Decimal("Infinity") if limit == "above" else Decimal(str(limit))
