"""The 7 x 4 matrix: claims, judgements and audits meet in one cell, with the confidence they deserve."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, NamedTuple

from services.suppliers.domain.facts import utc_day
from services.suppliers.domain.rules import ARITHMETIC

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from services.suppliers.domain.facts import Facts, Matrix
    from services.suppliers.domain.rules import Rules

_BEST_FIRST = ("audited", "reviewed", "self_declared")
ZERO, HUNDRED = Decimal(0), Decimal(100)


class Cell(NamedTuple):
    """What counts in a cell: the stage that it comes from, the confidence in it (0-1), its score (0-100)."""

    stage: str
    confidence: Decimal
    score: Decimal


# 7 rows (PR1-PR7) of 4 columns (the areas); None: nobody knows anything.
Cells = tuple[tuple[Cell | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A whole matrix of one stage, with the days (UTC) that bound its validity, both included."""

    stage: str
    matrix: Matrix
    since: date
    valid_until: date

    def expired(self, today: date) -> bool:
        """Tell whether the last day of validity has passed."""
        return today > self.valid_until


class Dated(NamedTuple):
    """Evidence without its cells; `expired`: whether it was on the day when that was asked."""

    stage: str
    since: date
    valid_until: date
    expired: bool


def evidence(facts: Facts, today: date) -> list[Evidence]:
    """Return what there is, best first: unexpired before expired, then audited, reviewed, self-declared."""
    found = [*facts.supposed]
    found += [
        Evidence("audited", audit.audited, audit.reported_on, audit.valid_until) for audit in facts.audits
    ]
    if facts.judgement:
        since, until = facts.judgement.completed_on, facts.judgement.valid_until
        if facts.judgement.judged is not None:
            found.append(Evidence("reviewed", facts.judgement.judged, since, until))
        found.append(Evidence("self_declared", facts.judgement.claimed, since, until))
    return sorted(found, key=lambda each: (each.expired(today), _BEST_FIRST.index(each.stage)))


def confidence(of: Evidence | Dated, rules: Rules, today: date) -> Decimal:
    """Return how far a score is trusted: full when new, falling in a straight line, nothing once expired."""
    if today > of.valid_until:
        return ZERO
    validity = (of.valid_until - of.since).days
    age = max(0, (today - of.since).days)  # a clock behind the other service's makes nothing younger than new
    spent = Decimal(age) / Decimal(validity) if validity > 0 else Decimal(1)
    return rules.confidence[of.stage] * (1 - (1 - rules.confidence_left_at_end) * spent)


def cells(facts: Facts, rules: Rules, as_of: datetime) -> Cells | None:
    """Return what counts in each cell: the best that has a score there; None where there is nothing."""
    today = utc_day(as_of)
    found = evidence(facts, today)
    if not found:
        return None
    with localcontext(ARITHMETIC):
        trusted = [(each, confidence(each, rules, today)) for each in found]
    return tuple(
        tuple(_cell(trusted, row, column) for column in range(len(scores)))
        for row, scores in enumerate(found[0].matrix)
    )


def _cell(trusted: Sequence[tuple[Evidence, Decimal]], row: int, column: int) -> Cell | None:
    counting = (
        Cell(each.stage, worth, score)
        for each, worth in trusted
        if (score := each.matrix[row][column]) is not None
    )
    return next(counting, None)


def claim_gap(facts: Facts, found: Sequence[Evidence]) -> Decimal | None:
    """Return by how many points the claimed mean exceeds the audited mean, over the cells that both have."""
    audited = [each.matrix for each in found if each.stage == "audited"]
    if facts.judgement is None or not audited:
        return None
    pairs = [
        (claim, finding)
        for row, claims in enumerate(facts.judgement.claimed)
        for column, claim in enumerate(claims)
        if claim is not None and (finding := _found(audited, row, column)) is not None
    ]
    if not pairs:
        return None
    claimed_sum = sum((claim for claim, _ in pairs), ZERO)
    found_sum = sum((finding for _, finding in pairs), ZERO)
    return claimed_sum / len(pairs) - found_sum / len(pairs)


def _found(audited: Sequence[Matrix], row: int, column: int) -> Decimal | None:
    return next((score for matrix in audited if (score := matrix[row][column]) is not None), None)


def stage(facts: Facts, found: Sequence[Evidence]) -> str | None:
    """Return how well the case as a whole is known; None without a completed assessment.

    Whatever was audited: the audit policy's rows 4-9 wait for an assessment, and know it by this.
    """
    if facts.judgement is None:
        return None
    return "audited" if found[0].stage == "audited" else facts.judgement.stage
