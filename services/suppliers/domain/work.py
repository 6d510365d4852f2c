"""What is known of a supplier's own work on a day, as far as scores follow from it by any rule set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from services.suppliers.domain import matrix
from services.suppliers.domain.facts import parse_deviations
from services.suppliers.domain.matrix import HUNDRED, ZERO, Dated
from services.suppliers.domain.rules import AREAS, ARITHMETIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.suppliers.domain.facts import Deviation, Facts
    from services.suppliers.domain.matrix import Evidence
    from services.suppliers.domain.rules import Rules


class Share(NamedTuple):
    """How many cells of an area count by which evidence (its place), and what their scores come to."""

    place: int
    cells: int
    scores: Decimal


@dataclass(frozen=True, slots=True)
class Work:
    """The evidence, best first, what each area has of it, and what else a score has beside its terms."""

    evidence: tuple[Dated, ...] = ()
    areas: tuple[tuple[Share, ...], ...] = ((),) * len(AREAS)
    deviations: tuple[Deviation, ...] = ()
    stage: str | None = None
    claim_gap: Decimal | None = None
    critical_open: int = 0
    not_cooperating: bool = False
    recommendation: str | None = None
    assessed_at: datetime | None = None

    def holds(self, today: date) -> bool:
        """Tell whether it is the same on another day (UTC): nothing has expired since."""
        return all(each.expired == (today > each.valid_until) for each in self.evidence)

    def confidence(self, rules: Rules, today: date) -> tuple[Decimal, ...]:
        """Return how far each piece of evidence is trusted, 0-1."""
        return tuple([matrix.confidence(each, rules, today) for each in self.evidence])


NOTHING = Work()


def work(facts: Facts, today: date) -> Work:
    """Return what facts come to on a day (UTC)."""
    if not (facts.judgement or facts.audits or facts.deviations or facts.supposed):
        return NOTHING
    found, judgement = matrix.evidence(facts, today), facts.judgement
    with localcontext(ARITHMETIC):
        areas = tuple(_shares(found, column) for column in range(len(AREAS)))
        gap = matrix.claim_gap(facts, found)
    return Work(
        evidence=tuple(Dated(e.stage, e.since, e.valid_until, e.expired(today)) for e in found),
        areas=areas,
        deviations=tuple(sorted(facts.deviations, key=lambda each: (each.areas, each.severe, each.overdue))),
        stage=matrix.stage(facts, found),
        claim_gap=gap,
        critical_open=len(judgement.critical) if judgement else 0,
        not_cooperating=judgement is not None and judgement.state == "not_cooperating",
        recommendation=judgement.recommendation if judgement else None,
        assessed_at=judgement.completed_at if judgement else None,
    )


def _shares(found: Sequence[Evidence], column: int) -> tuple[Share, ...]:
    """Return an area's cells by the best evidence that has a score there; the next best fills the gaps."""
    shares, open_rows = [], list(range(len(found[0].matrix))) if found else []
    for place, each in enumerate(found):
        column_of = [each.matrix[row][column] for row in open_rows]
        scores = [score for score in column_of if score is not None]
        if scores:
            shares.append(Share(place, len(scores), sum(scores, ZERO)))
        open_rows = [row for row, score in zip(open_rows, column_of, strict=True) if score is None]
    return tuple(shares)


def mitigation(shares: Sequence[Share], confidence: Sequence[Decimal]) -> Decimal:
    """Return the mean over an area's cells that have a score of confidence x score / 100; 0 without any."""
    if not shares:
        return ZERO
    trusted = [confidence[share.place] * share.scores for share in shares]
    return sum(trusted, ZERO) / (HUNDRED * sum(share.cells for share in shares))


def parse_work(kept: Mapping[str, Any], beside: Any) -> Work:
    """Read work as it is kept with a score; `beside`: the rest of it, which has names of its own there."""
    return Work(
        evidence=tuple(
            [
                Dated(
                    e["stage"],
                    date.fromisoformat(e["since"]),
                    date.fromisoformat(e["valid_until"]),
                    e["expired"],
                )
                for e in kept["evidence"]
            ]
        ),
        areas=tuple(
            [
                tuple([Share(place, cells, Decimal(scores)) for place, cells, scores in its])
                for its in kept["areas"]
            ]
        ),
        deviations=parse_deviations(kept["deviations"]),
        stage=beside.stage,
        claim_gap=beside.claim_gap,
        critical_open=beside.critical_open,
        not_cooperating=beside.not_cooperating,
        recommendation=beside.recommendation,
        assessed_at=beside.assessed_at,
    )
