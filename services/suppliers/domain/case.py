"""A case key (supplier, category) and what becomes of its score when something happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.suppliers.domain.facts import parse_exposure, parse_facts, utc_day
from services.suppliers.domain.score import Score, inherent_terms, score

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime
    from decimal import Decimal
    from uuid import UUID

    from services.suppliers.domain.facts import Exposure
    from services.suppliers.domain.rules import Rules
    from services.suppliers.domain.score import Inherent

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


@dataclass(frozen=True, slots=True)
class Previous:
    """A case's last score; `flags`: the values of FLAGS."""

    score: Decimal | None
    band: str
    flags: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands: its facts in the form in which they are kept, and its last score if it has one.

    Cases with the same facts share one mapping of them.
    """

    key: Key
    inputs: Mapping[str, Any]
    contract_ends_on: date | None  # the latest; None: at least one contract's end is unknown
    previous: Previous | None


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


def flags(of: Any) -> tuple[Any, ...]:
    """Return the values of FLAGS: a score's, or those of a row that has them."""
    return tuple(getattr(of, name) for name in FLAGS)


def rescore(cases: Iterable[Case], rules: Rules, as_of: datetime) -> list[Rescored]:
    """Score cases on their facts at `as_of`; what they share of facts is worked out once."""
    known: dict[int, Score] = {}
    exposures: dict[tuple[int, ...], tuple[Exposure, list[Inherent]]] = {}
    scored = []
    for case in cases:
        found = known.get(id(case.inputs))
        if found is None:
            exposure, inherent = _exposed(case.inputs, rules, as_of, exposures)
            facts = parse_facts(case.inputs, exposure)
            found = known[id(case.inputs)] = score(facts, rules, as_of, inherent)
        scored.append(Rescored(case, found, rules.name, as_of))
    return scored


def _exposed(
    inputs: Mapping[str, Any],
    rules: Rules,
    as_of: datetime,
    known: dict[tuple[int, ...], tuple[Exposure, list[Inherent]]],
) -> tuple[Exposure, list[Inherent]]:
    """Return the exposure in some facts with its inherent risk; `known`: by the identity of its parts."""
    key = (id(inputs["sites"]), id(inputs["indices"]), id(inputs["analysis"]))
    if key not in known:
        exposure = parse_exposure(inputs)
        known[key] = (exposure, inherent_terms(exposure, rules, utc_day(as_of)))
    return known[key]
