"""What the priority of cases follows from: the regions' contracts, and when each was followed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from chassis import sql
from chassis.http import paging
from services.suppliers.domain.priority import Contract
from services.suppliers.schemas.leverage import RankingQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from decimal import Decimal

    from chassis.db import Transaction
    from services.suppliers.domain import Key
    from services.suppliers.domain.priority import PriorityRules

queries: Any = sql.load(__file__)

_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a case's priority follows from."""

    key: Key
    legal_name: str
    score: Decimal | None
    band: str
    contracts: tuple[Contract, ...]
    assessed_at: datetime | None
    audited_at: datetime | None
    has_contact: bool
    selected_year: int | None  # the last for which a proposal with it was confirmed


class Asked(NamedTuple):
    """A category on a day, by these rules, within a reach (region, area)."""

    category_id: str
    as_of: date
    rules: PriorityRules
    reach: Mapping[str, str | None]


def ranking(tx: Transaction, asked: Asked, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of a category's cases, the most urgent first: (supplier_id, category_id, priority)."""
    return paging.fetch(tx, queries.ranking, query, RankingQuery, **_filters(asked))


def ranked(tx: Transaction, asked: Asked) -> Iterator[list[Any]]:
    """Give a category's cases in pieces, the most urgent first, until nobody asks for more."""
    query: dict[str, Any] = {"limit": _AT_A_TIME, "sort": None, "after": None}
    while True:
        page = ranking(tx, asked, query)
        yield page["items"]
        if page["next"] is None:
            return
        query["after"] = page["next"]


def _filters(asked: Asked) -> dict[str, Any]:
    return {
        "category_id": asked.category_id,
        "as_of": asked.as_of,
        "rules": sql.document(_as_data(asked.rules)),
        **asked.reach,
    }


def _as_data(rules: PriorityRules) -> dict[str, Any]:
    """Return the rules as the ranking's query reads them: steps as numbers of decimals."""
    names = ("currency", "unit_ore", "days_in_year", "least_years", "unknown_years", "most_years")
    steps = {"spend_places": rules.spend_step, "years_places": rules.years_step, "places": rules.step}
    return {
        **{name: getattr(rules, name) for name in names},
        **{name: -int(step.as_tuple().exponent) for name, step in steps.items()},
        "worth": [{"from_years": least, "factor": factor} for least, factor in rules.worth],
    }


def cases_of_supplier(tx: Transaction, supplier_id: UUID, reach: Mapping[str, str | None]) -> list[Key]:
    """Return the keys of a supplier's cases within reach (region, area), by category."""
    rows = queries.cases_of_supplier(tx, supplier_id=supplier_id, **reach)
    return [(row.supplier_id, row.category_id) for row in rows]


def case_facts(tx: Transaction, keys: Iterable[Key]) -> dict[Key, CaseFacts]:
    """Return what the priority of each of these cases follows from; those that there are not are left out."""
    named = [{"supplier_id": supplier, "category_id": category} for supplier, category in keys]
    rows = queries.case_facts(tx, keys=sql.rows(named)) if named else ()
    return {(row.supplier_id, row.category_id): _facts(row) for row in rows}


def _facts(row: Any) -> CaseFacts:
    return CaseFacts(
        key=(row.supplier_id, row.category_id),
        legal_name=row.legal_name,
        score=row.score,
        band=row.band,
        contracts=tuple(map(_contract, row.contracts)),
        assessed_at=row.assessed_at,
        audited_at=row.audited_at,
        has_contact=row.has_contact,
        selected_year=row.selected_year,
    )


def _contract(entry: Mapping[str, Any]) -> Contract:
    return Contract(
        contract_id=UUID(entry["contract_id"]),
        regions=entry["regions"],
        value_ore=entry["value_ore"],
        currency=entry["currency"],
        starts_on=date.fromisoformat(entry["starts_on"]),
        ends_on=date.fromisoformat(entry["ends_on"]) if entry["ends_on"] else None,
        advanced=entry["clause_level"] == "advanced",
    )
