"""The arithmetic of a score as a person writes it: each term with the sum that gives it, and remarks.

Numbers are shown with at most two decimals (shares with four) and computed with all of them; where that
differs, the sum says ≈.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from services.suppliers.domain.inherent import country_risk
from services.suppliers.domain.matrix import HUNDRED
from services.suppliers.domain.rules import AREAS
from services.suppliers.domain.score import Area

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from services.suppliers.domain.facts import Analysis, Deviation, Facts
    from services.suppliers.domain.matrix import Cell
    from services.suppliers.domain.rules import Rules

_POINTS, _SHARES = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Line:
    """A term: the sum that gives it, "" where there is none, and remarks by their codes."""

    term: str
    value: Decimal | None
    sum: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes sums with a language's decimal sign."""

    point: str

    def number(self, value: Decimal | int) -> str:
        """Return a number on the scale 0-100, with at most two decimals."""
        return self._written(Decimal(value), _POINTS)

    def share(self, value: Decimal) -> str:
        """Return a share 0-1, with at most four decimals."""
        return self._written(value, _SHARES)

    def _written(self, value: Decimal, step: Decimal) -> str:
        text = format(_rounded(value, step), "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace(".", self.point)

    def equation(
        self, left: str, result: str, points: Sequence[Decimal], shares: Sequence[Decimal] = ()
    ) -> str:
        """Return `left = result`, or ≈ where a number in it is not shown whole."""
        whole = all(each == _rounded(each, _POINTS) for each in points)
        whole = whole and all(each == _rounded(each, _SHARES) for each in shares)
        return f"{left} {'=' if whole else '≈'} {result}"


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Told:
    """What a score is explained with: its facts and rules, and its terms as they are stored."""

    facts: Facts
    rules: Rules
    areas: Mapping[str, Area]
    cells: Sequence[Sequence[Cell | None]] | None
    pen: Pen = field(default_factory=lambda: Pen("."))


def stored_area(terms: Mapping[str, Any]) -> Area:
    """Return an area's terms of what JSON keeps."""
    numbers = {
        name: None if terms[name] is None else Decimal(str(terms[name]))
        for name in ("country", "category", "inherent", "mitigation", "residual")
    }
    return Area(**numbers, partial=terms["partial"])  # type: ignore[arg-type]  # mitigation is never null


def country_risks(told: Told) -> list[tuple[str, list[Decimal | None]]]:
    """Return each country that counts with its risk (0-100) by area; None: no value."""
    countries = sorted({site.country for site in told.facts.exposure.sites if site.tier in told.rules.tiers})
    return [
        (country, [country_risk(country, area, told.facts.exposure, told.rules) for area in AREAS])
        for country in countries
    ]


def area_lines(told: Told, area: str) -> list[Line]:
    """Return the terms of an area, in the order in which they follow from each other."""
    return [
        _country(told, area),
        _category(told, area),
        _inherent(told, area),
        _mitigation(told, area),
        _residual(told, area),
    ]


def _country(told: Told, area: str) -> Line:
    risks = [by_area[AREAS.index(area)] for _, by_area in country_risks(told)]
    known = [risk for risk in risks if risk is not None]
    value = told.areas[area].country
    if value is None or not known:
        return Line("country", value, remarks=("no_country_value" if risks else "no_site",))
    pen, rules = told.pen, told.rules
    mean = _mean(pen, known)
    left = _weighed(pen, (rules.country_worst, max(known)), (rules.country_mean, mean))
    remarks = ("countries_without_value",) if len(known) < len(risks) else ()
    return Line("country", value, pen.equation(left, pen.number(value), [value, *known]), remarks)


def _category(told: Told, area: str) -> Line:
    value, analysis = told.areas[area].category, _analysis(told, area)
    if value is None or analysis is None:
        return Line("category", value, remarks=("analysis_expired" if analysis else "no_analysis",))
    left = f"{analysis.likelihood} × {analysis.severity} × {told.pen.number(told.rules.category_factor)}"
    return Line("category", value, told.pen.equation(left, told.pen.number(value), [value]))


def _inherent(told: Told, area: str) -> Line:
    terms, pen, rules = told.areas[area], told.pen, told.rules
    if terms.inherent is None:
        return Line("inherent", None, remarks=("area_no_data",))
    if terms.country is None or terms.category is None:
        known = terms.category if terms.country is None else terms.country
        left, remarks = "", ["only_category" if terms.country is None else "only_country"]
    else:
        known = rules.inherent_country * terms.country + rules.inherent_category * terms.category
        weighed = _weighed(
            pen, (rules.inherent_country, terms.country), (rules.inherent_category, terms.category)
        )
        exact = [known, terms.country, terms.category]
        left, remarks = pen.equation(weighed, pen.number(known), exact), []
    if known != terms.inherent:
        remarks.append("severity_floor")
    return Line("inherent", terms.inherent, left, tuple(remarks))


def _mitigation(told: Told, area: str) -> Line:
    column, pen, value = AREAS.index(area), told.pen, told.areas[area].mitigation
    cells = [cell for row in told.cells or () if (cell := row[column])]
    if not cells:
        return Line("mitigation", value, remarks=("nothing_known",))
    shares = [(cell.confidence, cell.score / HUNDRED) for cell in cells]
    parts = " + ".join(f"{pen.share(confidence)} × {pen.share(score)}" for confidence, score in shares)
    left = f"({parts}) / {len(cells)}" if len(cells) > 1 else parts
    exact = [value, *(share for pair in shares for share in pair)]
    return Line("mitigation", value, pen.equation(left, pen.share(value), (), exact))


def _residual(told: Told, area: str) -> Line:
    terms, pen, rules = told.areas[area], told.pen, told.rules
    deviations = [each for each in told.facts.deviations if area in each.areas]
    if terms.residual is None:
        return Line("residual", None, remarks=("area_no_data",))
    left = ""
    points = rules.per_deviation * len(deviations) + rules.per_overdue * _overdue(deviations)
    total = points
    if terms.inherent is not None:
        effect = f"(1 \u2212 {pen.share(rules.mitigation_effect)} × {pen.share(terms.mitigation)})"
        left = f"{pen.number(terms.inherent)} × {effect}"
        total += terms.inherent * (1 - rules.mitigation_effect * terms.mitigation)
    left = " + ".join(part for part in (left, *_points(told, deviations)) if part)
    exact = [each for each in (total, terms.inherent) if each is not None]
    return Line(
        "residual",
        terms.residual,
        pen.equation(left, pen.number(total), exact, [terms.mitigation]),
        tuple(_lifted(total, terms.residual, deviations, terms.inherent)),
    )


def _points(told: Told, deviations: Sequence[Deviation]) -> list[str]:
    """Write what open deviations add; nothing where there are none."""
    pen, late = told.pen, _overdue(deviations)
    counted = [(told.rules.per_deviation, len(deviations)), (told.rules.per_overdue, late)]
    return [f"{pen.number(points)} × {count}" for points, count in counted if count]


def _lifted(
    total: Decimal, residual: Decimal, deviations: Sequence[Deviation], inherent: Decimal | None
) -> list[str]:
    """Say why the residual is another number than the sum."""
    remarks = ["deviations_only"] if inherent is None else []
    if total > HUNDRED:
        remarks.append("capped")
    if min(total, HUNDRED) != residual and any(each.severe for each in deviations):
        remarks.append("severe_floor")
    return remarks


def _overdue(deviations: Sequence[Deviation]) -> int:
    return sum(each.overdue for each in deviations)


def total_line(told: Told, score: Decimal | None) -> Line:
    """Return how the score follows from the areas."""
    known = [area.residual for area in told.areas.values() if area.residual is not None]
    counted = [a.residual for a in told.areas.values() if a.residual is not None and a.inherent is not None]
    if score is None:
        return Line("score", None, remarks=("no_data",))
    if not counted:
        return Line("score", score, remarks=("severe_only",))
    pen, rules = told.pen, told.rules
    mean = _mean(pen, counted)
    left = (
        f"{pen.number(rules.score_max)} × {pen.number(max(known))} + {pen.number(rules.score_mean)} × {mean}"
    )
    total = rules.score_max * max(known) + rules.score_mean * sum(counted, Decimal(0)) / len(counted)
    exact = total.quantize(rules.score_step, ROUND_HALF_UP)
    text = pen.equation(left, pen.number(score), [score, total, *known])
    return Line("score", score, text, () if exact == score else ("severe_floor",))


def _mean(pen: Pen, values: Sequence[Decimal]) -> str:
    """Write a mean; of one value, that."""
    text = " + ".join(map(pen.number, values))
    return f"({text}) / {len(values)}" if len(values) > 1 else text


def _weighed(pen: Pen, *pairs: tuple[Decimal, Decimal | str]) -> str:
    """Write the sum of weight x value; a value may be a sum that is written already."""
    written = [(weight, value if isinstance(value, str) else pen.number(value)) for weight, value in pairs]
    return " + ".join(f"{pen.number(weight)} × {value}" for weight, value in written)


def _analysis(told: Told, area: str) -> Analysis | None:
    return told.facts.exposure.analysis[AREAS.index(area)]
