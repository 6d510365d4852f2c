"""A case key (supplier, category) and what becomes of its score when something happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from services.suppliers.domain.facts import parse_facts, utc_day
from services.suppliers.domain.inherent import Inherents
from services.suppliers.domain.matrix import ZERO
from services.suppliers.domain.score import Area, Score, score_of
from services.suppliers.domain.work import work

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from decimal import Decimal

    from services.suppliers.domain.rules import Rules
    from services.suppliers.domain.work import Work

Key = tuple[UUID, str]  # supplier, category

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


class Kept(NamedTuple):
    """Facts as they are kept with scores, under an id that follows from their JSON; nobody changes them."""

    id: UUID
    read: Mapping[str, Any]
    written: str  # "": they are kept already


# What is known of a case that nothing has happened to
NOTHING_KNOWN: Mapping[str, Any] = MappingProxyType({"judgement": None, "audits": [], "deviations": []})


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands: its facts, and its last score if it has one.

    `exposed`: where and what its goods are; cases that have it in common share one object. `known`: what is
    known of it alone, None: nothing. `work`: what that comes to, where it was worked out before and holds.
    """

    key: Key
    exposed: Kept
    known: Kept | None
    contract_ends_on: date | None  # the latest; None: at least one contract's end is unknown
    previous: Previous | None
    work: Work | None = None

    @property
    def inputs(self) -> Mapping[str, Any]:
        """All facts that a score follows from."""
        return {**self.exposed.read, **(self.known.read if self.known else NOTHING_KNOWN)}


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
        """The same without the terms of which nothing is told."""
        areas = {
            name: Area(None, None, None, False, ZERO, area.residual)
            for name, area in self.score.areas.items()
        }
        return replace(self, score=replace(self.score, areas=areas))


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
    today = utc_day(as_of)
    inherents = inherents or Inherents(rules, today)
    shared: dict[int, Score] = {}
    scored = []
    for case in cases:
        found = None if case.known else shared.get(id(case.exposed))
        if found is None:
            exposure, inherent = inherents.of(case.exposed.read)
            own = case.work or work(parse_facts(case.inputs, exposure), today)
            found = score_of(exposure, inherent, own, rules, today)
            if not case.known:
                shared[id(case.exposed)] = found
        scored.append(Rescored(case, found, rules.name, as_of))
    return scored
