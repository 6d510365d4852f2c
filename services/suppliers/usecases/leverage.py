"""What the regions have together in a case, and how urgent it is to follow it up."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chassis.errors import NotFound, found
from services.suppliers import ownership, repository, rulebook
from services.suppliers.domain import priority
from services.suppliers.domain.facts import utc_day
from services.suppliers.repository.leverage import Asked, CaseFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction
    from services.suppliers.domain import Key

_FOR_ALL: dict[str, str | None] = {"region": None, "area": None}


def get_leverage(
    tx: Transaction, supplier_id: UUID, year: int | None, actor: Identity, now: datetime
) -> dict[str, Any]:
    """Return the leverage of a supplier's cases within the caller's reach; all regions' contracts count."""
    if not repository.registry.supplier_exists(tx, supplier_id):
        raise NotFound("There is no such supplier.")
    as_of = planned_from(year, now)
    keys = repository.leverage.cases_of_supplier(tx, supplier_id, ownership.reach(actor))
    cases = [with_contracts for each in _facts(tx, keys) if (with_contracts := _itemised(each, as_of))]
    return {
        "supplier_id": supplier_id,
        "as_of": as_of,
        "rules": rulebook.priority_rules().version,
        "cases": cases,
    }


def list_ranking(
    tx: Transaction, category_id: str, query: Mapping[str, Any], actor: Identity, now: datetime
) -> dict[str, Any]:
    """Return a page of a category's cases within the caller's reach, the most urgent first."""
    found(repository.categories.category(tx, category_id), "category")
    as_of = planned_from(query["year"], now)
    asked = Asked(category_id, as_of, rulebook.priority_rules(), ownership.reach(actor))
    page = repository.leverage.ranking(tx, asked, query)
    return {**page, "items": ranked_cases(tx, page["items"], as_of)}


def planned_from(year: int | None, now: datetime) -> date:
    """Return the day that contracts are counted from for a year's follow-up; None: today's year."""
    today = utc_day(now)
    return priority.as_of_year(year or today.year, today)


def everybodys(category_id: str, as_of: date) -> Asked:
    """Return the whole category, whoever asks."""
    return Asked(category_id, as_of, rulebook.priority_rules(), _FOR_ALL)


def ranked_cases(tx: Transaction, rows: Iterable[Any], as_of: date) -> list[dict[str, Any]]:
    """Return cases (rows with their keys) with every term, in order; only those with a running contract."""
    return cases_of_keys(tx, [(row.supplier_id, row.category_id) for row in rows], as_of)


def cases_of_keys(tx: Transaction, keys: list[Key], as_of: date) -> list[dict[str, Any]]:
    """Return the named cases with every term, in their order; likewise."""
    return [case for each in _facts(tx, keys) if (case := _ranked(each, as_of))]


def _facts(tx: Transaction, keys: list[Key]) -> list[CaseFacts]:
    facts = repository.leverage.case_facts(tx, keys)
    return [facts[key] for key in keys if key in facts]


def _itemised(facts: CaseFacts, as_of: date) -> dict[str, Any] | None:
    """Return a case with each of its running contracts."""
    shown, rules = _ranked(facts, as_of), rulebook.priority_rules()
    of = priority.leverage(facts.contracts, rules, as_of)
    if shown is None or of is None:
        return None
    contracts = [asdict(contract) | {"spend_ore": ore} for contract, ore in of.contracts]
    return shown | {"contracts": contracts}


def _ranked(facts: CaseFacts, as_of: date) -> dict[str, Any] | None:
    """Return a case's terms; None: no contract of it runs."""
    rules = rulebook.priority_rules()
    of = priority.leverage(facts.contracts, rules, as_of)
    if of is None:
        return None
    terms = priority.priority(facts.score, of, rules)
    assessed, audited = (at and utc_day(at) for at in (facts.assessed_at, facts.audited_at))
    last = max((day for day in (assessed, audited) if day), default=None)
    hindrances = priority.hindrances(of, terms, last, facts.has_contact, rules)
    return {
        "supplier_id": facts.key[0],
        "category_id": facts.key[1],
        "legal_name": facts.legal_name,
        "band": facts.band,
        **asdict(terms),
        "arithmetic": priority.arithmetic(terms),
        **{name: getattr(of, name) for name in ("regions", "value_ore", "spend_ore", "ends_on", "days_left")},
        "contracts": len(of.contracts),
        "assessed_on": assessed,
        "audited_on": audited,
        "selected_year": facts.selected_year,
        "hindrances": hindrances,
    }
