"""The risk score of a case: from facts, rule set and moment to areas, score and band. Nothing else enters.

Decimal arithmetic of 28 digits in a fixed order: the same facts give the same score on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING

from services.suppliers.domain import matrix
from services.suppliers.domain.facts import utc_day
from services.suppliers.domain.inherent import inherent_terms
from services.suppliers.domain.matrix import HUNDRED, ZERO
from services.suppliers.domain.rules import AREAS, ARITHMETIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.suppliers.domain.facts import Deviation, Facts
    from services.suppliers.domain.inherent import Inherent
    from services.suppliers.domain.matrix import Bare, Cells
    from services.suppliers.domain.rules import Rules

# Safest first; their limits are the rule set's.
BANDS = ("very_low", "low", "medium", "high", "very_high")
NO_DATA = "no_data"


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
    """A case's score with every term that it is made of."""

    score: Decimal | None
    band: str
    areas: Mapping[str, Area]
    bare_cells: Bare | None
    no_data_areas: tuple[str, ...]
    stage: str | None
    claim_gap: Decimal | None
    critical_open: int
    severe_open: int
    site_known: bool
    not_cooperating: bool
    recommendation: str | None

    @property
    def cells(self) -> Cells | None:
        """What counts in each cell of the matrix."""
        return matrix.cells(self.bare_cells)


def score(facts: Facts, rules: Rules, as_of: datetime, inherent: Sequence[Inherent] | None = None) -> Score:
    """Score a case as it stands at `as_of` (aware); `inherent`: what is worked out of its exposure."""
    today = utc_day(as_of)
    terms = inherent or inherent_terms(facts.exposure, rules, today)
    with localcontext(ARITHMETIC):
        found = matrix.evidence(facts, today)
        cells = matrix.bare_cells(found, rules, today)
        areas = {
            area: _area(area, terms[position], facts, matrix.mitigation(cells, position), rules)
            for position, area in enumerate(AREAS)
        }
        total = _total(list(areas.values()), facts.deviations, rules)
        rounded = None if total is None else total.quantize(rules.score_step, ROUND_HALF_UP)
        gap = matrix.claim_gap(facts, found)
    judgement = facts.judgement
    return Score(
        score=rounded,
        band=band(rounded, rules),
        areas=areas,
        bare_cells=cells,
        no_data_areas=tuple(area for area in AREAS if areas[area].inherent is None),
        stage=matrix.stage(facts, found),
        claim_gap=gap,
        critical_open=len(judgement.critical) if judgement else 0,
        severe_open=sum(deviation.severe for deviation in facts.deviations),
        site_known=any(site.tier in rules.tiers for site in facts.exposure.sites),
        not_cooperating=judgement is not None and judgement.state == "not_cooperating",
        recommendation=judgement.recommendation if judgement else None,
    )


def band(rounded: Decimal | None, rules: Rules) -> str:
    """Return the band of a rounded score."""
    if rounded is None:
        return NO_DATA
    return next(name for name, limit in rules.bands if rounded < limit)


def _area(area: str, terms: Inherent, facts: Facts, mitigation: Decimal, rules: Rules) -> Area:
    deviations = [deviation for deviation in facts.deviations if area in deviation.areas]
    return Area(
        country=terms.country,
        category=terms.category,
        inherent=terms.inherent,
        partial=(terms.country is None) != (terms.category is None),
        mitigation=mitigation,
        residual=_residual(terms.inherent, mitigation, deviations, rules),
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


def differences(one: Score, other: Score) -> dict[str, dict[str, object]]:
    """Return the areas whose residual differs: area -> before and after, and which terms differ."""
    found: dict[str, dict[str, object]] = {}
    for area in AREAS:
        before, after = one.areas[area], other.areas[area]
        if before.residual != after.residual:
            terms = [name for name in Area.__slots__ if getattr(before, name) != getattr(after, name)]
            found[area] = {"before": before.residual, "after": after.residual, "terms": terms}
    return found
