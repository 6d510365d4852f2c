"""The audit policy as data: rows, their conditions, and what holds for all of them (read by `rules.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

BANDS = ("very_low", "low", "medium", "high", "very_high")  # rising; no_data has no place among them
AUDITS = {"office_audit": "office", "factory_audit": "factory"}  # outcome -> kind of audit
RECOMMENDATIONS = ("none", "dialogue", *AUDITS)  # the office's, from mild to strict
PLANNED = ("dialogue", "transparency_request")  # what is planned beside audits
MEASURES = (*AUDITS, *PLANNED)  # what a row can lead to that has an end
OUTCOMES = ("none", "notice", *MEASURES, "person_decides")

# fact -> the form of its conditions
FACTS: dict[str, Literal["flag", "count", "band"]] = {
    "band": "band",
    "severe_open": "count",
    "critical_open": "count",
    "claim_gap": "count",
    "not_cooperating": "flag",
    "assessed": "flag",
    "office_audit_had_deviations": "flag",
}

Fact = bool | int | Decimal | str | None


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one fact: it is among `values`, or is at least `at_least`; an unknown fact fails."""

    fact: str
    values: tuple[bool | str, ...] = ()
    at_least: int | Decimal | None = None

    def holds(self, value: Fact) -> bool:
        """Test the fact's value."""
        if value is None:
            return False
        if self.at_least is None:
            return value in self.values
        return not isinstance(value, str) and value >= self.at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the policy. `weeks`: held within; for `person_decides` it is the proposal's."""

    number: int
    name: str
    when: tuple[Condition, ...]
    then: str
    weeks: int | None = None
    without_site: str | None = None
    proposal: str | None = None
    decide_within_working_days: int | None = None
    suppressed_by_valid_audit: bool = False
    needs_contract_time: bool = False

    def matches(self, facts: Mapping[str, Fact]) -> bool:
        """Tell whether all conditions hold."""
        return all(condition.holds(facts[condition.fact]) for condition in self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRule:
    """What comes instead of an audit while its site is unknown: `first`, and once that has ended `then`."""

    instead_of: str
    first: str
    first_weeks: int
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rows, in order, and what holds for them together."""

    version: str
    time_zone: str
    rest_months: int
    valid_audit_years: int
    contract_months: int
    strength: Mapping[str, int]
    without_site: SiteRule
    recommended_weeks: Mapping[str, int]
    cancellation_proposed_by: tuple[str, ...]
    rows: tuple[Row, ...]
