"""The 7 x 4 matrix: claims, judgements and audits meet in one cell, with the confidence they deserve."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

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
# The same as bare tuples, which take a third of the time to make: a rescoring makes millions
Bare = tuple[tuple[tuple[str, Decimal, Decimal] | None, ...], ...]


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


def confidence(of: Evidence, rules: Rules, today: date) -> Decimal:
    """Return how far a score is trusted: full when new, falling in a straight line, nothing once expired."""
    if of.expired(today):
        return ZERO
    validity = (of.valid_until - of.since).days
    age = max(0, (today - of.since).days)  # a clock behind the other service's makes nothing younger than new
    spent = Decimal(age) / Decimal(validity) if validity > 0 else Decimal(1)
    return rules.confidence[of.stage] * (1 - (1 - rules.confidence_left_at_end) * spent)


def cells(known: Bare | None) -> Cells | None:
    """Return cells by their names."""
    if known is None:
        return None
    return tuple(tuple(None if cell is None else Cell(*cell) for cell in row) for row in known)


def bare_cells(found: Sequence[Evidence], rules: Rules, today: date) -> Bare | None:
    """Return what counts in each cell, the best that has a score there; None where there is nothing."""
    if not found:
        return None
    trusted = [(each.stage, confidence(each, rules, today), each.matrix) for each in found]
    return tuple([_row(trusted, row) for row in range(len(found[0].matrix))])


def _row(
    trusted: Sequence[tuple[str, Decimal, Matrix]], row: int
) -> tuple[tuple[str, Decimal, Decimal] | None, ...]:
    """Return a row by the best evidence; where that has no score, the next best fills the gap."""
    found: list[tuple[str, Decimal, Decimal] | None] = []
    for stage, worth, matrix in trusted:
        its = [None if score is None else (stage, worth, score) for score in matrix[row]]
        found = [better or cell for better, cell in zip(found, its, strict=True)] if found else its
        if None not in found:
            break
    return tuple(found)


def mitigation(known: Bare | None, column: int) -> Decimal:
    """Return the mean over an area's non-null cells of confidence x score / 100; 0 where there is none."""
    counted = [cell[1] * cell[2] / HUNDRED for row in known or () if (cell := row[column])]
    return sum(counted, ZERO) / len(counted) if counted else ZERO


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
