"""The risk score a second time, in exact fractions, sentence by sentence from the specification.

It shares no code with the service, nor its numbers: where both agree, neither has misread the text alone.
Facts are in the JSON form in which they are stored with a score. Rule set 2026-1.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

AREAS = ("human_rights", "workers_rights", "environment", "business_ethics")
WGI = tuple(f"WGI_{dimension}_PCTRANK" for dimension in ("CC", "GE", "PV", "RL", "RQ", "VA"))
RATING = {1: 90, 2: 70, 3: 50, 4: 30, 5: 10, 6: 5}  # "5+" is stored as 6
CONFIDENCE = {"self_declared": Fraction(4, 10), "reviewed": Fraction(7, 10), "audited": Fraction(1)}
BANDS = ((20, "very_low"), (40, "low"), (60, "medium"), (80, "high"), (101, "very_high"))

Four = list[Fraction | None]  # a value for each area
Cells = list[Four]  # seven requirements of four areas


class Terms(NamedTuple):
    """Everything that a score is made of; `exact` is the score before rounding."""

    country: Four
    inherent: Four
    partial: list[str]
    mitigation: Four
    residual: Four
    no_data: list[str]
    exact: Fraction | None
    stage: str | None
    claim_gap: Fraction | None

    @property
    def score(self) -> Fraction | None:
        return None if self.exact is None else rounded(self.exact)

    @property
    def band(self) -> str:
        score = self.score
        return "no_data" if score is None else next(name for limit, name in BANDS if score < limit)


class Layer(NamedTuple):
    """One matrix of results, with what is to be known of its age."""

    stage: str
    cells: Cells
    confidence: Fraction  # 0 once expired
    expired: bool


def compute(facts: dict[str, Any], as_of: datetime) -> Terms:
    """Return all terms of the score."""
    today = _day(as_of)
    analysis = [
        each if each and date.fromisoformat(each["valid_until"]) >= today else None
        for each in facts["analysis"]
    ]
    country = [_country(area, facts) for area in AREAS]
    category = [
        None if each is None else Fraction(each["likelihood"] * each["severity"] * 4) for each in analysis
    ]
    floors = [60 if each and each["severity"] == 5 else 0 for each in analysis]
    inherent = [_inherent(*known) for known in zip(country, category, floors, strict=True)]
    partial = [a for a, c, k in zip(AREAS, country, category, strict=True) if (c is None) != (k is None)]
    layers = _layers(facts, today)
    mitigation: Four = [_mitigation(layers, column) for column in range(4)]
    residual = [
        _residual(risk, taken or Fraction(0), [each for each in facts["deviations"] if area in each["areas"]])
        for area, risk, taken in zip(AREAS, inherent, mitigation, strict=True)
    ]
    no_data = [area for area, risk in zip(AREAS, inherent, strict=True) if risk is None]
    exact = _total(inherent, residual, facts["deviations"])
    stage = _stage(facts, layers)
    return Terms(country, inherent, partial, mitigation, residual, no_data, exact, stage, _claim_gap(layers))


def rounded(exact: Fraction) -> Fraction:
    """Return it with one decimal, half up."""
    return Fraction((exact * 10 + Fraction(1, 2)).__floor__(), 10)


def _day(moment: datetime | str) -> date:
    instant = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return instant.astimezone(UTC).date()


def _country(area: str, facts: dict[str, Any]) -> Fraction | None:
    countries = {site["country"] for site in facts["sites"] if site["tier"] in {0, 1}}
    risks = [
        100 - safe
        for safe in (_safety(area, each, facts["indices"]) for each in countries)
        if safe is not None
    ]
    return Fraction(max(risks)) / 2 + sum(risks, Fraction(0)) / len(risks) / 2 if risks else None


def _safety(area: str, country: str, indices: dict[str, dict[str, Any]]) -> Fraction | None:
    names = {
        "human_rights": WGI,
        "workers_rights": ("ITUC_GRI",),
        "environment": ("EPI",),
        "business_ethics": ("CPI",),
    }[area]
    found = [Fraction(str(indices[name][country])) for name in names if country in indices.get(name, {})]
    if len(found) < len(names):
        return None
    return Fraction(RATING[int(found[0])]) if area == "workers_rights" else sum(found) / len(names)


def _inherent(country: Fraction | None, category: Fraction | None, floor: int) -> Fraction | None:
    known = [each for each in (country, category) if each is not None]
    return max(sum(known, Fraction(0)) / len(known), Fraction(floor)) if known else None


def _layers(facts: dict[str, Any], today: date) -> list[Layer]:
    """Return what is there, the highest stage first."""
    audits = sorted(facts["audits"], key=lambda each: _day(each["reported_at"]), reverse=True)
    found = [
        _layer("audited", each["audited"], each["reported_at"], each["valid_until"], today) for each in audits
    ]
    own = facts["judgement"] or {}
    for stage, name in (("reviewed", "judged"), ("self_declared", "claimed")):
        if own.get(name) is not None:
            found.append(_layer(stage, own[name], own["completed_at"], own["valid_until"], today))
    return found


def _layer(stage: str, rows: list[list[Any]], since: str, until: str, today: date) -> Layer:
    cells: Cells = [[None if cell is None else Fraction(str(cell)) for cell in row] for row in rows]
    expired = today > _day(until)
    validity = (_day(until) - _day(since)).days
    age = max((today - _day(since)).days, 0)  # not yet completed: as new
    lost = Fraction(age, validity) / 2 if validity else Fraction(1, 2)  # valid for a day: that day is its end
    return Layer(stage, cells, Fraction(0) if expired else CONFIDENCE[stage] * (1 - lost), expired)


def _mitigation(layers: list[Layer], column: int) -> Fraction:
    worth = []
    for row in range(7):
        there = [each for each in layers if each.cells[row][column] is not None]
        if there:
            best = next((each for each in there if not each.expired), there[0])
            worth.append(best.confidence * (best.cells[row][column] or 0) / 100)
    return sum(worth, Fraction(0)) / len(worth) if worth else Fraction(0)


def _residual(
    inherent: Fraction | None, mitigation: Fraction, deviations: list[dict[str, Any]]
) -> Fraction | None:
    if inherent is None and not deviations:
        return None
    points = sum(20 if each["overdue"] else 10 for each in deviations)
    value = min(Fraction(100), (inherent or Fraction(0)) * (1 - Fraction(6, 10) * mitigation) + points)
    return max(value, Fraction(85)) if any(each["severe"] for each in deviations) else value


def _total(inherent: Four, residual: Four, deviations: list[dict[str, Any]]) -> Fraction | None:
    severe = [each for each in deviations if each["severe"]]
    floor = (
        Fraction(85) if any(not each["areas"] for each in severe) else Fraction(0)
    )  # without an area: under the whole
    worst = max((each for each in residual if each is not None), default=Fraction(0))
    mean = [
        left for risk, left in zip(inherent, residual, strict=True) if risk is not None and left is not None
    ]
    if mean:
        return max(worst / 2 + sum(mean, Fraction(0)) / len(mean) / 2, floor)
    return max(worst, floor) if severe else None


def _stage(facts: dict[str, Any], layers: list[Layer]) -> str | None:
    """Return the highest unexpired one; none without a completed assessment, whatever was audited."""
    return min(layers, key=lambda each: each.expired).stage if facts["judgement"] else None


def _claim_gap(layers: list[Layer]) -> Fraction | None:
    """Return the mean of claimed less audited, over the cells that both have."""
    audited = sorted((each for each in layers if each.stage == "audited"), key=lambda each: each.expired)
    claimed = next((each.cells for each in layers if each.stage == "self_declared"), [])
    gaps = []
    for row, claims in enumerate(claimed):
        for column, claim in enumerate(claims):
            finding = next((cell for each in audited if (cell := each.cells[row][column]) is not None), None)
            if claim is not None and finding is not None:
                gaps.append(claim - finding)
    return sum(gaps, Fraction(0)) / len(gaps) if gaps else None
