"""A case key (supplier, category) and what becomes of its score when something happens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from services.suppliers.domain.facts import parse_facts, utc_day
from services.suppliers.domain.inherent import Inherents
from services.suppliers.domain.matrix import ZERO
from services.suppliers.domain.score import Area, Score, score

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime
    from decimal import Decimal
    from uuid import UUID

    from services.suppliers.domain.rules import Rules

Key = tuple["UUID", str]  # supplier, category

# What others act upon beside the band: a new score that differs in none of these is news to nobody
FLAGS = (
    "stage",
    "critical_open",
    "severe_open",
    "claim_gap",
    "not_cooperating",
    "recommendation",
    "site_known",
)
_flags = attrgetter(*FLAGS)


@dataclass(frozen=True, slots=True)
class Previous:
    """A case's last score; `flags`: the values of FLAGS."""

    score: Decimal | None
    band: str
    flags: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands: its facts in the form in which they are kept, and its last score if it has one.

    Cases with the same facts share one mapping of them. `written`: the same as JSON, to be kept as it is.
    """

    key: Key
    inputs: Mapping[str, Any]
    contract_ends_on: date | None  # the latest; None: at least one contract's end is unknown
    previous: Previous | None
    written: str = ""


@dataclass(frozen=True, slots=True)
class Rescored:
    """A case with its new score, and all that the score follows from."""

    case: Case
    score: Score
    rule_set: str
    as_of: datetime

    @property
    def changed(self) -> bool:
        """Tell whether the band differs from the previous one; a first score changes nothing."""
        return self.case.previous is not None and self.case.previous.band != self.score.band

    @property
    def is_news(self) -> bool:
        """Tell whether others would act on it: it is the first, or its band or a flag is different."""
        previous = self.case.previous
        return previous is None or self.changed or previous.flags != flags(self.score)

    @property
    def differs(self) -> bool:
        """Tell whether it shows another number than before, or is news."""
        previous = self.case.previous
        return previous is None or previous.score != self.score.score or self.is_news

    @property
    def brief(self) -> Rescored:
        """The same without the facts and terms of which nothing is told."""
        areas = {
            name: Area(None, None, None, False, ZERO, area.residual)
            for name, area in self.score.areas.items()
        }
        told = {"judgement": self.case.inputs["judgement"]}
        case = replace(self.case, inputs=told, written="")
        return replace(self, case=case, score=replace(self.score, areas=areas, bare_cells=None))


def flags(of: Any) -> tuple[Any, ...]:
    """Return the values of FLAGS: a score's, or those of a row that has them."""
    found: tuple[Any, ...] = _flags(of)
    return found


def rescore(
    cases: Iterable[Case], rules: Rules, as_of: datetime, inherents: Inherents | None = None
) -> list[Rescored]:
    """Score cases on their facts at `as_of`; what they share of facts is worked out once.

    `inherents`: what is known already of these rules and this day.
    """
    inherents = inherents or Inherents(rules, utc_day(as_of))
    known: dict[int, Score] = {}
    scored = []
    for case in cases:
        found = known.get(id(case.inputs))
        if found is None:
            exposure, inherent = inherents.of(case.inputs)
            facts = parse_facts(case.inputs, exposure)
            found = known[id(case.inputs)] = score(facts, rules, as_of, inherent)
        scored.append(Rescored(case, found, rules.name, as_of))
    return scored
