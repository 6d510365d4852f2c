"""The risk score of a case: from facts, rule set and moment to areas, score and band. Nothing else enters.

Decimal arithmetic of 28 digits in a fixed order: the same facts give the same score on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING

from services.suppliers.domain.facts import utc_day
from services.suppliers.domain.inherent import inherent_terms
from services.suppliers.domain.matrix import HUNDRED, ZERO
from services.suppliers.domain.rules import AREAS, ARITHMETIC
from services.suppliers.domain.work import mitigation, work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from services.suppliers.domain.facts import Deviation, Exposure, Facts
    from services.suppliers.domain.inherent import Inherent
    from services.suppliers.domain.rules import Rules
    from services.suppliers.domain.work import Work

# Safest first; their limits are the rule set's.
BANDS = ("very_low", "low", "medium", "high", "very_high")
NO_DATA = "no_data"
# What a rule set makes of areas: its names for it, and ours
_OF_AREAS = {
    "max": "score_max",
    "mean": "score_mean",
    "step": "score_step",
    "severe_floor": "severe_floor",
    "bands": "bands",
}


@dataclass(frozen=True, slots=True)
class Area:
    """The terms of one area, 0-100, higher is worse, None without a value; `mitigation` is a share 0-1."""

    country: Decimal | None
    category: Decimal | None
    inherent: Decimal | None
    partial: bool
    mitigation: Decimal
    residual: Decimal | None


@dataclass(frozen=True, slots=True)
class Score:
    """A case's score with every term that it is made of; `confidence`: in each piece of evidence, 0-1."""

    score: Decimal | None
    band: str
    areas: Mapping[str, Area]
    work: Work
    confidence: tuple[Decimal, ...]
    no_data_areas: tuple[str, ...]
    site_known: bool

    @property
    def stage(self) -> str | None:
        """How well the case as a whole is known."""
        return self.work.stage

    @property
    def claim_gap(self) -> Decimal | None:
        """By how many points claims exceed what audits found."""
        return self.work.claim_gap

    @property
    def critical_open(self) -> int:
        """How many critical questions were answered badly."""
        return self.work.critical_open

    @property
    def severe_open(self) -> int:
        """How many severe deviations are open."""
        return sum(deviation.severe for deviation in self.work.deviations)

    @property
    def not_cooperating(self) -> bool:
        """Whether the supplier does not take part."""
        return self.work.not_cooperating

    @property
    def recommendation(self) -> str | None:
        """What who reviewed the assessment recommends."""
        return self.work.recommendation


def score(facts: Facts, rules: Rules, as_of: datetime) -> Score:
    """Score a case as it stands at `as_of` (aware)."""
    today = utc_day(as_of)
    inherent = inherent_terms(facts.exposure, rules, today)
    return score_of(facts.exposure, inherent, work(facts, today), rules, today)


def score_of(exposure: Exposure, inherent: Sequence[Inherent], own: Work, rules: Rules, today: date) -> Score:
    """Score a case by what was worked out of its facts: its inherent risk, and what is known of its work."""
    with localcontext(ARITHMETIC):
        trusted = own.confidence(rules, today)
        areas = {
            area: _area(area, inherent[position], own, mitigation(own.areas[position], trusted), rules)
            for position, area in enumerate(AREAS)
        }
        total = _total(list(areas.values()), own.deviations, rules)
        rounded = None if total is None else total.quantize(rules.score_step, ROUND_HALF_UP)
    return Score(
        score=rounded,
        band=band(rounded, rules),
        areas=areas,
        work=own,
        confidence=trusted,
        no_data_areas=tuple([area for area in AREAS if areas[area].inherent is None]),
        site_known=any(site.tier in rules.tiers for site in exposure.sites),
    )


def band(rounded: Decimal | None, rules: Rules) -> str:
    """Return the band of a rounded score."""
    if rounded is None:
        return NO_DATA
    return next(name for name, limit in rules.bands if rounded < limit)


def _area(area: str, terms: Inherent, own: Work, mitigated: Decimal, rules: Rules) -> Area:
    deviations = [deviation for deviation in own.deviations if area in deviation.areas]
    return Area(
        country=terms.country,
        category=terms.category,
        inherent=terms.inherent,
        partial=(terms.country is None) != (terms.category is None),
        mitigation=mitigated,
        residual=_residual(terms.inherent, mitigated, deviations, rules),
    )


def _residual(
    inherent: Decimal | None, mitigation: Decimal, deviations: Sequence[Deviation], rules: Rules
) -> Decimal | None:
    """Return what mitigation leaves of the inherent risk, plus open deviations; the severe floor is last."""
    if inherent is None and not deviations:
        return None
    left = ZERO if inherent is None else inherent * (1 - rules.mitigation_effect * mitigation)
    overdue = sum(deviation.overdue for deviation in deviations)
    residual = min(HUNDRED, left + rules.per_deviation * len(deviations) + rules.per_overdue * overdue)
    return max(residual, rules.severe_floor) if any(d.severe for d in deviations) else residual


def _total(areas: Sequence[Area], deviations: Sequence[Deviation], rules: Rules) -> Decimal | None:
    """Weigh the worst area and the mean of those with an inherent value.

    A severe deviation that names no area has no residual to lift: its floor goes under the whole score.
    """
    residuals = [area.residual for area in areas if area.residual is not None]
    inherent = [area.residual for area in areas if area.residual is not None and area.inherent is not None]
    if inherent:
        total = rules.score_max * max(residuals) + rules.score_mean * (sum(inherent, ZERO) / len(inherent))
    elif any(deviation.severe for deviation in deviations):
        total = max(residuals, default=ZERO)
    else:
        return None
    unplaced = any(deviation.severe and not deviation.areas for deviation in deviations)
    return max(total, rules.severe_floor) if unplaced else total


def differences(one: Score, other: Score, rules: Rules, others: Rules) -> dict[str, dict[str, object]]:
    """Return what differs between a case's scores by two rule sets: before, after, and by which terms.

    By area, where its residual does; `score`, where the rule sets make another score or band of areas.
    """
    found: dict[str, dict[str, object]] = {}
    for area in AREAS:
        before, after = one.areas[area], other.areas[area]
        if before.residual != after.residual:
            terms = [name for name in Area.__slots__ if getattr(before, name) != getattr(after, name)]
            found[area] = {"before": before.residual, "after": after.residual, "terms": terms}
    made = [name for name, field in _OF_AREAS.items() if getattr(rules, field) != getattr(others, field)]
    if made:
        found["score"] = {"before": one.score, "after": other.score, "terms": made}
    return found
