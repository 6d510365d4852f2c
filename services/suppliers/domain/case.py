"""A case key (supplier, category) and what becomes of its score when something happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.suppliers.domain.facts import parse_facts
from services.suppliers.domain.score import Score, score

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from decimal import Decimal
    from uuid import UUID

    from services.suppliers.domain.rules import Rules

Key = tuple["UUID", str]  # supplier, category


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands: its facts in the form in which they are kept, and its last score if it has one."""

    key: Key
    inputs: Mapping[str, Any]
    previous_score: Decimal | None
    previous_band: str | None


@dataclass(frozen=True, slots=True)
class Rescored:
    """A case with its new score, and all that the score follows from."""

    case: Case
    score: Score
    rule_set: str
    as_of: datetime
    contract_ends_on: date | None
    assessed_at: datetime | None  # when the self-assessment that it takes in was completed

    @property
    def changed(self) -> bool:
        """Tell whether the band differs from the previous one; a first score changes nothing."""
        return self.case.previous_band not in {None, self.score.band}


def rescore(case: Case, rules: Rules, as_of: datetime) -> Rescored:
    """Score a case on its facts at `as_of`."""
    facts = parse_facts(case.inputs)
    assessed_at = facts.judgement.completed_at if facts.judgement else None
    return Rescored(case, score(facts, rules, as_of), rules.name, as_of, facts.contract_ends_on, assessed_at)
