"""The national model of country risk: four index values, their sum 0-400, and its band; higher is safer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Any

from services.suppliers.domain.rules import AREAS, ARITHMETIC, area_safety

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.suppliers.domain.rules import Index

# Safest first; their limits are the model's. `risk` is the model's own word for what lies in the middle.
COUNTRY_BANDS = ("very_low", "low", "risk", "high", "very_high")
_NO_DATA = "no_data"


class ModelError(ValueError):
    """A model cannot be read; `faults`: where -> what is wrong there, all of it."""

    def __init__(self, name: str, faults: Mapping[str, str]) -> None:
        """Name the model and its faults."""
        self.faults = dict(faults)
        told = "; ".join(f"{where}: {what}" for where, what in faults.items())
        super().__init__(f"country model {name}: {told}")


@dataclass(frozen=True, slots=True)
class CountryModel:
    """One version of the model."""

    name: str
    shown: Decimal
    bands: tuple[tuple[str, Decimal], ...]  # (band, its least sum), safest first

    def band(self, total: Decimal | None) -> str:
        """Return the band of an unrounded sum; None: `no_data`."""
        if total is None:
            return _NO_DATA
        return next(name for name, least in self.bands if total >= least)


@dataclass(frozen=True, slots=True)
class CountryRisk:
    """A country's area values 0-100, None where an index is missing, their sum and band, what is missing."""

    areas: Mapping[str, Decimal | None]
    total: Decimal | None
    band: str
    missing: tuple[str, ...]  # indices

    @property
    def missing_areas(self) -> tuple[str, ...]:
        """Return the areas without a value."""
        return tuple(area for area, value in self.areas.items() if value is None)


def country_risk(
    values: Mapping[str, Decimal],
    areas: Mapping[str, tuple[str, ...]],
    indices: Mapping[str, Index],
    model: CountryModel,
) -> CountryRisk:
    """Put a country's published values together; of an area's indices all are needed, their mean counts."""
    missing = tuple(name for area in AREAS for name in areas[area] if name not in values)
    with localcontext(ARITHMETIC):
        safety = {area: area_safety(areas[area], indices, values) for area in AREAS}
        known = [value for value in safety.values() if value is not None]
        total = sum(known, Decimal(0)) if len(known) == len(AREAS) else None
    shown = {area: _rounded(value, model) for area, value in safety.items()}
    return CountryRisk(shown, _rounded(total, model), model.band(total), missing)


def _rounded(value: Decimal | None, model: CountryModel) -> Decimal | None:
    return None if value is None else value.quantize(model.shown, ROUND_HALF_UP)


def parse_country_model(name: str, data: Mapping[str, Any]) -> CountryModel:
    """Build the model from its file's content (numbers int or Decimal); ModelError names every fault."""
    faults: dict[str, str] = {}
    most = _number(data, "total", "most", faults)
    shown = _number(data, "total", "shown", faults)
    if shown is not None and not 0 < shown <= 1:
        faults["total.shown"] = "must be more than 0 and at most 1"
    limits = [(band, _number(data, "bands", band, faults)) for band in COUNTRY_BANDS]
    if list(data.get("bands", {})) != list(COUNTRY_BANDS):
        faults["bands"] = f"must be {', '.join(COUNTRY_BANDS)}, in this order"
    faults |= _falling([(band, limit) for band, limit in limits if limit is not None], most)
    if faults or shown is None:
        raise ModelError(name, faults)
    return CountryModel(name, shown, tuple((band, limit) for band, limit in limits if limit is not None))


def _number(data: Mapping[str, Any], part: str, name: str, faults: dict[str, str]) -> Decimal | None:
    value = data.get(part, {}).get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        faults[f"{part}.{name}"] = "must be a number"
        return None
    return Decimal(value)


def _falling(limits: list[tuple[str, Decimal]], most: Decimal | None) -> dict[str, str]:
    """Return what is wrong with limits that do not fall from the largest sum to 0."""
    highest = Decimal("Infinity") if most is None else most * len(AREAS)
    faults = {}
    for band, limit in limits:
        if limit >= highest:
            faults[f"bands.{band}"] = f"must be below {highest}"
        highest = limit
    if limits and limits[-1][1] != 0:
        faults[f"bands.{limits[-1][0]}"] = "must be 0: some band takes the least safe"
    return faults
