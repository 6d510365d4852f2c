"""The inherent risk of a case: what follows from where and what its goods are, whatever its supplier does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from services.suppliers.domain.facts import Exposure, parse_analysis, parse_indices, parse_sites
from services.suppliers.domain.matrix import HUNDRED, ZERO
from services.suppliers.domain.rules import AREAS, ARITHMETIC, area_safety

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from services.suppliers.domain.facts import Analysis
    from services.suppliers.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class Inherent:
    """The terms of one area that do not depend on the supplier's own work, 0-100, None without a value."""

    country: Decimal | None
    category: Decimal | None
    inherent: Decimal | None


class _Category(NamedTuple):
    """What an area's analysis comes to on a day: a risk, and the least that its severity allows."""

    risk: Decimal | None
    floor: Decimal | None


class Inherents:
    """Exposures as facts have them, with their inherent risk by one rule set on one day (UTC).

    What cases share is worked out once, and kept as long as this is. They share what is the same object in
    their facts' `sites`, `indices` and `analysis`; nobody may change these.
    """

    def __init__(self, rules: Rules, today: date) -> None:
        """Know nothing yet."""
        self._rules, self._today = rules, today
        self._known: dict[tuple[int, ...], tuple[Any, ...]] = {}

    def of(self, inputs: Mapping[str, Any]) -> tuple[Exposure, list[Inherent]]:
        """Return the exposure in some facts, and the inherent risk of each area."""
        found: tuple[Exposure, list[Inherent]] = self._once(
            self._work_out, inputs["sites"], inputs["indices"], inputs["analysis"]
        )
        return found

    def _work_out(self, *of: Any) -> tuple[Exposure, list[Inherent]]:
        sites = self._once(parse_sites, of[0])
        indices = self._once(parse_indices, of[1])
        analysis = self._once(parse_analysis, of[2])
        exposure = Exposure(sites, indices, analysis)
        with localcontext(ARITHMETIC):
            countries = self._once(lambda *_: _country_terms(exposure, self._rules), sites, indices)
            categories = self._once(lambda of: _category_terms(of, self._rules, self._today), analysis)
            return exposure, _combined(countries, categories, self._rules)

    def _once(self, work_out: Callable[..., Any], *of: Any) -> Any:
        """Return what some objects come to; they are kept with it, so that no other gets their identity."""
        key = tuple(map(id, of))
        if key not in self._known:
            self._known[key] = (work_out(*of), of)
        return self._known[key][0]


def inherent_terms(exposure: Exposure, rules: Rules, today: date) -> list[Inherent]:
    """Return the inherent risk of each area on a day (UTC), in their order, with what it is made of."""
    with localcontext(ARITHMETIC):
        countries = _country_terms(exposure, rules)
        return _combined(countries, _category_terms(exposure.analysis, rules, today), rules)


def country_risk(country: str, area: str, exposure: Exposure, rules: Rules) -> Decimal | None:
    """Return a country's risk in an area, 0-100, higher is worse; None unless all indices have a value."""
    values = {name: exposure.indices.get(name, {}).get(country) for name in rules.area_indices[area]}
    safety = area_safety(rules.area_indices[area], rules.indices, values)
    return None if safety is None else HUNDRED - safety


def _country_terms(exposure: Exposure, rules: Rules) -> list[Decimal | None]:
    countries = sorted({site.country for site in exposure.sites if site.tier in rules.tiers})
    return [_country(area, countries, exposure, rules) for area in AREAS]


def _country(area: str, countries: Sequence[str], exposure: Exposure, rules: Rules) -> Decimal | None:
    """Weigh the worst country and the mean of all that have a value: one bad site must not average away."""
    found = [country_risk(country, area, exposure, rules) for country in countries]
    risks = [risk for risk in found if risk is not None]
    if not risks:
        return None
    return rules.country_worst * max(risks) + rules.country_mean * (sum(risks, ZERO) / len(risks))


def _category_terms(analysis: Sequence[Analysis | None], rules: Rules, today: date) -> list[_Category]:
    valid = [each if each and today <= each.valid_until else None for each in analysis]
    return [_Category(None, None) if each is None else _category(each, rules) for each in valid]


def _category(valid: Analysis, rules: Rules) -> _Category:
    risk = valid.likelihood * valid.severity * rules.category_factor
    return _Category(risk, rules.severity_floors.get(valid.severity))


def _combined(
    countries: Sequence[Decimal | None], categories: Sequence[_Category], rules: Rules
) -> list[Inherent]:
    return [
        Inherent(country, category.risk, _inherent(country, category, rules))
        for country, category in zip(countries, categories, strict=True)
    ]


def _inherent(country: Decimal | None, category: _Category, rules: Rules) -> Decimal | None:
    if country is None or category.risk is None:
        known = category.risk if country is None else country
    else:
        known = rules.inherent_country * country + rules.inherent_category * category.risk
    return known if known is None or category.floor is None else max(known, category.floor)
