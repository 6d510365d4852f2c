"""How urgent it is to follow a case up: risk score x joint spend x contract time left, with every term.

Each term is rounded before it is multiplied, so that who multiplies what is shown gets what is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Any

from services.suppliers.domain.rules import ARITHMETIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from uuid import UUID

# What hinders a follow-up, or makes it worth less; in the order in which they are told
HINDRANCES = (
    "no_data",  # no score, so no priority
    "no_value",  # the contracts' value is not known
    "other_currency",  # a contract is in one that is not counted: what they buy for is more than is shown
    "short_contract",
    "basic_level",  # no running contract has the advanced clause: PR1-7 do not bind
    "followed_up_recently",
    "no_contact",  # nobody to ask
)


@dataclass(frozen=True, slots=True)
class PriorityRules:
    """The weights and thresholds of rules/priority.toml, which explains each."""

    version: str
    currency: str  # the only one that is counted
    unit_ore: int
    spend_step: Decimal
    least_years: int
    unknown_years: int
    days_in_year: int
    years_step: Decimal
    most_years: Decimal
    worth: tuple[tuple[Decimal, Decimal], ...]  # (from so many years, factor), the longest first
    step: Decimal
    recent_days: int
    short_years: Decimal
    passes_over: frozenset[str]
    most_looked_at: int
    most_passed_over: int


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of a case; `value_ore`: all of it, over its whole time."""

    contract_id: UUID
    regions: Sequence[str]
    value_ore: int
    currency: str
    starts_on: date
    ends_on: date | None  # the last day; None: unknown, and counts as long
    advanced: bool

    def runs(self, day: date) -> bool:
        """Tell whether it runs on a day; its first and last day are in it."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Leverage:
    """What the regions have together in a case: their running contracts, in öre a year, and for how long.

    Öre are those of the currency that is counted.
    """

    as_of: date
    contracts: tuple[tuple[Contract, int], ...]  # with the öre a year that each is worth
    regions: tuple[str, ...]
    value_ore: int
    spend_ore: int  # a year
    ends_on: date | None
    days_left: int | None  # after this day; None: unknown


@dataclass(frozen=True, slots=True)
class Priority:
    """The terms, as they are shown and multiplied; None: no score, so no priority."""

    score: Decimal | None
    spend_msek: Decimal
    years_left: Decimal
    worth: Decimal
    priority: Decimal | None


def parse_priority_rules(data: Mapping[str, Any]) -> PriorityRules:
    """Build the rules from their file's content (numbers are int or Decimal); ValueError names a fault."""
    spend, time, proposal = data["spend"], data["time"], data["proposal"]
    worth = sorted(((Decimal(w["from_years"]), Decimal(w["factor"])) for w in time["worth"]), reverse=True)
    if not worth or worth[-1][0] != 0:
        raise ValueError("time.worth must have an entry from_years = 0")
    unknown = set(proposal["passes_over"]) - set(HINDRANCES)
    if unknown:
        raise ValueError(f"proposal.passes_over: no such hindrance: {', '.join(sorted(unknown))}")
    return PriorityRules(
        version=data["version"],
        currency=spend["currency"],
        unit_ore=spend["unit_ore"],
        spend_step=Decimal(spend["step"]),
        least_years=spend["least_years"],
        unknown_years=spend["unknown_years"],
        days_in_year=time["days_in_year"],
        years_step=Decimal(time["step"]),
        most_years=Decimal(time["most_years"]),
        worth=tuple(worth),
        step=Decimal(data["priority"]["step"]),
        recent_days=proposal["recent_days"],
        short_years=Decimal(proposal["short_years"]),
        passes_over=frozenset(proposal["passes_over"]),
        most_looked_at=proposal["most_looked_at"],
        most_passed_over=proposal["most_passed_over"],
    )


def leverage(contracts: Sequence[Contract], rules: PriorityRules, as_of: date) -> Leverage | None:
    """Return what the regions have together in a case on a day; None: no contract runs."""
    running = [each for each in contracts if each.runs(as_of)]
    if not running:
        return None
    yearly = [ore_a_year(each, rules) for each in running]
    ends = [each.ends_on for each in running]
    known = [day for day in ends if day is not None]
    ends_on = max(known) if len(known) == len(ends) else None
    return Leverage(
        as_of=as_of,
        contracts=tuple(zip(running, yearly, strict=True)),
        regions=tuple(sorted({region for each in running for region in each.regions})),
        value_ore=sum(each.value_ore for each in running if each.currency == rules.currency),
        spend_ore=sum(yearly),
        ends_on=ends_on,
        days_left=None if ends_on is None else (ends_on - as_of).days,
    )


def ore_a_year(contract: Contract, rules: PriorityRules) -> int:
    """Return a contract's value spread over its time, in whole öre a year, half up; in another currency 0."""
    if contract.currency != rules.currency:
        return 0
    if contract.ends_on is None:
        days = rules.unknown_years * rules.days_in_year
    else:
        days = (contract.ends_on - contract.starts_on).days + 1
    days = max(days, rules.least_years * rules.days_in_year)
    return (2 * contract.value_ore * rules.days_in_year + days) // (2 * days)


def priority(score: Decimal | None, of: Leverage, rules: PriorityRules) -> Priority:
    """Multiply: a score of 0-100, millions of SEK a year, years left, and what that time is worth."""
    with localcontext(ARITHMETIC):
        spend = (Decimal(of.spend_ore) / rules.unit_ore).quantize(rules.spend_step, ROUND_HALF_UP)
        years = _years(of.days_left, rules)
        worth = next(factor for least, factor in rules.worth if years >= least)
        product = None
        if score is not None:
            product = (score * spend * years * worth).quantize(rules.step, ROUND_HALF_UP)
    return Priority(score, spend, years, worth, product)


def _years(days: int | None, rules: PriorityRules) -> Decimal:
    if days is None:
        return rules.most_years
    return min(
        rules.most_years, (Decimal(days) / rules.days_in_year).quantize(rules.years_step, ROUND_HALF_UP)
    )


def hindrances(
    of: Leverage, terms: Priority, last: date | None, has_contact: bool, rules: PriorityRules
) -> tuple[str, ...]:
    """Return what hinders following a case up; last: the day on which it was followed up the last time."""
    holds = {
        "no_data": terms.score is None,
        "no_value": of.spend_ore == 0,
        "other_currency": any(contract.currency != rules.currency for contract, _ in of.contracts),
        "short_contract": of.days_left is not None and terms.years_left < rules.short_years,
        "basic_level": not any(contract.advanced for contract, _ in of.contracts),
        "followed_up_recently": last is not None and (of.as_of - last).days < rules.recent_days,
        "no_contact": not has_contact,
    }
    return tuple(name for name in HINDRANCES if holds[name])


def as_of_year(year: int, today: date) -> date:
    """Return the day that a year's follow-up is planned from: its first, or today once it has begun."""
    return max(today, today.replace(year=year, month=1, day=1))


def arithmetic(terms: Priority) -> str:
    """Return the multiplication as it is written by hand; without a score it says so."""
    if terms.priority is None:
        return f"no_data × {terms.spend_msek} × {terms.years_left} × {terms.worth}: no priority"
    factors = (terms.score, terms.spend_msek, terms.years_left, terms.worth)
    return f"{' × '.join(map(str, factors))} = {terms.priority}"
