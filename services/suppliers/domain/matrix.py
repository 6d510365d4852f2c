"""The 7 x 4 matrix: claims, judgements and audits meet in one cell, with the confidence they deserve."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from services.suppliers.domain.facts import Facts, Matrix
    from services.suppliers.domain.rules import Rules

ZERO, HUNDRED = Decimal(0), Decimal(100)


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
    found = []
    if facts.audit:
        found.append(
            Evidence("audited", facts.audit.audited, facts.audit.reported_on, facts.audit.valid_until)
        )
    if facts.judgement:
        since, until = facts.judgement.completed_on, facts.judgement.valid_until
        if facts.judgement.judged is not None:
            found.append(Evidence("reviewed", facts.judgement.judged, since, until))
        found.append(Evidence("self_declared", facts.judgement.claimed, since, until))
    return sorted(found, key=lambda each: each.expired(today))


def confidence(of: Evidence, rules: Rules, today: date) -> Decimal:
    """Return how far a score is trusted: full when new, falling in a straight line, nothing once expired."""
    if of.expired(today):
        return ZERO
    validity = (of.valid_until - of.since).days
    age = max(0, (today - of.since).days)  # a clock behind the other service's makes nothing younger than new
    spent = Decimal(age) / Decimal(validity) if validity > 0 else Decimal(1)
    return rules.confidence[of.stage] * (1 - (1 - rules.confidence_left_at_end) * spent)


def trusted(facts: Facts, rules: Rules, today: date) -> list[tuple[Decimal, Matrix]]:
    """Return each matrix with the confidence in its scores, best first."""
    return [(confidence(each, rules, today), each.matrix) for each in evidence(facts, today)]


def mitigation(matrices: list[tuple[Decimal, Matrix]], column: int) -> Decimal:
    """Return the mean over an area's non-null cells of confidence x score / 100; 0 where there is none."""
    cells = []
    for row in range(len(matrices[0][1]) if matrices else 0):
        scores = ((confidence, matrix[row][column]) for confidence, matrix in matrices)
        cells += [confidence * score / HUNDRED for confidence, score in scores if score is not None][:1]
    return sum(cells, ZERO) / len(cells) if cells else ZERO


def claim_gap(facts: Facts) -> Decimal | None:
    """Return by how many points the claimed mean exceeds the audited mean, over the cells that both have."""
    if facts.judgement is None or facts.audit is None:
        return None
    pairs = [
        (claimed, audited)
        for claims, findings in zip(facts.judgement.claimed, facts.audit.audited, strict=True)
        for claimed, audited in zip(claims, findings, strict=True)
        if claimed is not None and audited is not None
    ]
    if not pairs:
        return None
    claimed_sum = sum((claimed for claimed, _ in pairs), ZERO)
    audited_sum = sum((audited for _, audited in pairs), ZERO)
    return claimed_sum / len(pairs) - audited_sum / len(pairs)


def stage(facts: Facts, today: date) -> str | None:
    """Return how well the case as a whole is known; None before anything was completed."""
    found = evidence(facts, today)
    if found and found[0].stage == "audited":
        return "audited"
    return facts.judgement.stage if facts.judgement else None
