"""What would a case's score be if cells, deviations or the rule set were different."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from services.suppliers.domain.facts import Audit, Judgement, utc_day
from services.suppliers.domain.matrix import cells, evidence
from services.suppliers.domain.rules import AREAS
from services.suppliers.domain.score import BANDS, NO_DATA, Score, score

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from services.suppliers.domain.facts import Facts, Matrix
    from services.suppliers.domain.rules import Rules

# The process requirements, in the order of the matrix's rows
ROWS = ("PR1", "PR2", "PR3", "PR4", "PR5", "PR6", "PR7")
_STEPS = 100  # a cell's score is looked for in whole points
# How long what is supposed would be valid (DOMAIN, Clocks)
_VALID = {"audited": timedelta(days=3 * 365), "reviewed": timedelta(days=365)}


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell with another score, by a stage; None: by the one that counts there now, or by a review."""

    row: str
    area: str
    score: Decimal
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """A single change that brings a case into a band: a cell's least score, or a deviation that is closed."""

    score: Decimal | None
    band: str
    cell: CellChange | None = None
    deviation: int | None = None  # its place among the open ones


def changed(
    facts: Facts, changes: Iterable[CellChange], closed: frozenset[int], rules: Rules, as_of: datetime
) -> Facts:
    """Return the facts with cells changed and deviations (by their places) closed, as they would be today."""
    open_ones = tuple(each for place, each in enumerate(facts.deviations) if place not in closed)
    supposed = replace(facts, deviations=open_ones)
    for change in changes:
        supposed = _with_cell(supposed, change, rules, as_of)
    return supposed


def ways_to(facts: Facts, band: str, rules: Rules, as_of: datetime) -> list[Way]:
    """Return every single change that brings a case into a band or a safer one, the smallest step first.

    Of each cell the least score, in whole points, that suffices.
    """
    goal = BANDS.index(band)

    def reached(of: Score) -> bool:
        return of.band != NO_DATA and BANDS.index(of.band) <= goal

    found = [*_closing(facts, rules, as_of), *_raising(facts, rules, as_of)]
    steps = [(step, way) for step, way, result in found if reached(result)]
    return [way for _, way in sorted(steps, key=lambda pair: pair[0])]


def _closing(facts: Facts, rules: Rules, as_of: datetime) -> Iterator[tuple[Decimal, Way, Score]]:
    for place in range(len(facts.deviations)):
        result = score(changed(facts, (), frozenset({place}), rules, as_of), rules, as_of)
        yield Decimal(0), Way(result.score, result.band, deviation=place), result


def _raising(facts: Facts, rules: Rules, as_of: datetime) -> Iterator[tuple[Decimal, Way, Score]]:
    """Yield the least score of each cell with which the band is that of a full score there."""
    now = cells(evidence(facts, utc_day(as_of)), rules, utc_day(as_of))
    for number, row in enumerate(ROWS):
        for column, area in enumerate(AREAS):
            cell = now and now[number][column]
            present = cell.score if cell else Decimal(0)
            best = _scored(facts, CellChange(row, area, Decimal(_STEPS)), rules, as_of)
            least = _least(facts, CellChange(row, area, present), best.band, rules, as_of)
            result = _scored(facts, least, rules, as_of)
            yield least.score - present, Way(result.score, result.band, cell=least), result


def _least(facts: Facts, start: CellChange, band: str, rules: Rules, as_of: datetime) -> CellChange:
    """Return the least whole score from `start` on that gives a band: more never raises a risk."""
    low, high = int(start.score), _STEPS
    while low < high:
        middle = (low + high) // 2
        if _scored(facts, replace(start, score=Decimal(middle)), rules, as_of).band == band:
            high = middle
        else:
            low = middle + 1
    return replace(start, score=Decimal(high))


def _scored(facts: Facts, change: CellChange, rules: Rules, as_of: datetime) -> Score:
    return score(_with_cell(facts, change, rules, as_of), rules, as_of)


def _with_cell(facts: Facts, change: CellChange, rules: Rules, as_of: datetime) -> Facts:
    """Return the facts with one cell changed; what there is of that stage keeps its age."""
    row, column = ROWS.index(change.row), AREAS.index(change.area)
    now = cells(evidence(facts, utc_day(as_of)), rules, utc_day(as_of))
    counts = now and now[row][column]
    stage = change.stage or (counts.stage if counts else "reviewed")
    if stage == "audited":
        return _audited(facts, row, column, change.score, as_of)
    judgement = facts.judgement or _empty(as_of)
    if stage == "self_declared":
        return replace(
            facts, judgement=replace(judgement, claimed=_put(judgement.claimed, row, column, change.score))
        )
    judged = _put(judgement.judged or _NOTHING, row, column, change.score)
    return replace(facts, judgement=replace(judgement, stage="reviewed", judged=judged))


def _audited(facts: Facts, row: int, column: int, to: Decimal, as_of: datetime) -> Facts:
    today = utc_day(as_of)
    for place, audit in enumerate(facts.audits):
        if audit.audited[row][column] is not None and audit.valid_until >= today:
            better = replace(audit, audited=_put(audit.audited, row, column, to))
            return replace(facts, audits=(*facts.audits[:place], better, *facts.audits[place + 1 :]))
    fresh = Audit(_put(_NOTHING, row, column, to), today, utc_day(as_of + _VALID["audited"]))
    return replace(facts, audits=(fresh, *facts.audits))


_NOTHING: Matrix = ((None,) * len(AREAS),) * len(ROWS)


def _empty(as_of: datetime) -> Judgement:
    return Judgement(
        state="completed",
        stage="reviewed",
        claimed=_NOTHING,
        judged=None,
        critical=(),
        recommendation="none",
        completed_at=as_of,
        valid_until=utc_day(as_of + _VALID["reviewed"]),
    )


def _put(matrix: Matrix, row: int, column: int, to: Decimal) -> Matrix:
    changed_row = (*matrix[row][:column], to, *matrix[row][column + 1 :])
    return (*matrix[:row], changed_row, *matrix[row + 1 :])
