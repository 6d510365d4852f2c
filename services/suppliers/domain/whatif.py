"""What would a case's score be if cells, deviations or the rule set were different."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from services.suppliers.domain.facts import Audit, Judgement, utc_day
from services.suppliers.domain.matrix import Evidence, cells
from services.suppliers.domain.rules import AREAS
from services.suppliers.domain.score import BANDS, NO_DATA, Score, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
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


def reaches(found: Score, band: str) -> bool:
    """Tell whether a score is in a band or a safer one."""
    return found.band != NO_DATA and BANDS.index(found.band) <= BANDS.index(band)


def ways_to(facts: Facts, band: str, rules: Rules, as_of: datetime) -> list[Way]:
    """Return every single change that brings a case into a band or a safer one, the smallest step first.

    Of each cell the least score, in whole points, that suffices. None for a case that is there already.
    """
    if reaches(score(facts, rules, as_of), band):
        return []
    found = [*_closing(facts, band, rules, as_of), *_raising(facts, band, rules, as_of)]
    return [way for _, way in sorted(found, key=lambda pair: pair[0])]


def _closing(facts: Facts, band: str, rules: Rules, as_of: datetime) -> Iterator[tuple[Decimal, Way]]:
    for place in range(len(facts.deviations)):
        result = score(changed(facts, (), frozenset({place}), rules, as_of), rules, as_of)
        if reaches(result, band):
            yield Decimal(0), Way(result.score, result.band, deviation=place)


def _raising(facts: Facts, band: str, rules: Rules, as_of: datetime) -> Iterator[tuple[Decimal, Way]]:
    """Yield of each cell the least score that suffices, with the step from what counts there now."""

    def suffices(change: CellChange) -> bool:
        return reaches(_scored(facts, change, rules, as_of), band)

    now = cells(facts, rules, as_of)
    for number, row in enumerate(ROWS):
        for column, area in enumerate(AREAS):
            full = CellChange(row, area, Decimal(_STEPS))
            if suffices(full):
                cell = now and now[number][column]
                # what has expired counts for nothing: the same score, found anew, is a step
                present = cell.score if cell and cell.confidence else None
                least = _least(full, present, suffices)
                result = _scored(facts, least, rules, as_of)
                yield least.score - (present or 0), Way(result.score, result.band, cell=least)


def _least(full: CellChange, present: Decimal | None, suffices: Callable[[CellChange], bool]) -> CellChange:
    """Return the least whole score above the present one that suffices, as a full one does."""
    low, high = 0 if present is None else int(present) + 1, _STEPS
    while low < high:
        middle = (low + high) // 2
        if suffices(replace(full, score=Decimal(middle))):
            high = middle
        else:
            low = middle + 1
    return replace(full, score=Decimal(high))


def _scored(facts: Facts, change: CellChange, rules: Rules, as_of: datetime) -> Score:
    return score(_with_cell(facts, change, rules, as_of), rules, as_of)


def _with_cell(facts: Facts, change: CellChange, rules: Rules, as_of: datetime) -> Facts:
    """Return the facts with one cell changed; what there is of that stage keeps its age until it expires."""
    row, column, today = ROWS.index(change.row), AREAS.index(change.area), utc_day(as_of)
    now = cells(facts, rules, as_of)
    counts = now and now[row][column]
    stage = change.stage or (counts.stage if counts else "reviewed")
    if stage == "audited":
        return _audited(facts, row, column, change.score, as_of)
    judgement = facts.judgement or _empty(as_of)
    if judgement.valid_until < today:
        found = _put(_NOTHING, row, column, change.score)
        fresh = Evidence(stage, found, today, utc_day(as_of + _VALID["reviewed"]))
        return replace(facts, supposed=(fresh, *facts.supposed))
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
