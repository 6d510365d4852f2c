"""Cases with what their scores follow from, and the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from chassis.ids import uuid7
from services.suppliers.domain import Case
from services.suppliers.repository.statements import queries
from services.suppliers.schemas import HistoryQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from chassis.access import Owners
    from chassis.db import Transaction
    from chassis.events import Received
    from services.suppliers.domain import Key, Rescored


def lock_cases(tx: Transaction, keys: Iterable[Key]) -> None:
    """Make the cases that are not known yet and lock all of them, in order, until the transaction ends."""
    rows = _keys(keys)
    tx.later(queries.create_cases, keys=rows)
    list(queries.lock_cases(tx, keys=rows))


def save_judgements(tx: Transaction, newest: Sequence[Received]) -> None:
    """Keep each case's completed assessment unless a newer one is there."""
    queries.save_judgements(tx, rows=sql.rows([{"version": event.version, **event.data} for event in newest]))


def cases_to_score(tx: Transaction, keys: Iterable[Key]) -> list[Case]:
    """Return the cases with all that their scores follow from; cases without a contract are left out."""
    rows = list(queries.cases_to_score(tx, keys=_keys(keys)))
    countries = sorted({site["country"] for row in rows for site in row.inputs["sites"]})
    newest = list(queries.newest_values(tx, countries=countries))
    return [
        Case(
            key=(row.supplier_id, row.category_id),
            inputs=row.inputs | _country_inputs(row.inputs["sites"], newest),
            previous_score=row.previous_score,
            previous_band=row.previous_band,
        )
        for row in rows
    ]


def _country_inputs(sites: Sequence[Mapping[str, Any]], newest: Sequence[Any]) -> dict[str, Any]:
    """Return the newest values of the sites' countries by index, and which year each index is of."""
    countries = {site["country"] for site in sites}
    return {
        "datasets": {row.index: row.year for row in newest},
        "indices": {
            row.index: {country: value for country, value in row.by_country.items() if country in countries}
            for row in newest
        },
    }


def owners_of_cases(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Owners]:
    """Return whose each case is."""
    rows = queries.owners_of_cases(tx, keys=_keys(keys))
    return {
        (row.supplier_id, row.category_id): {
            "region": row.regions,
            "area": [row.responsible_area] if row.responsible_area else [],
        }
        for row in rows
    }


def save_scores(tx: Transaction, scored: Sequence[Rescored], causes: Mapping[Key, Sequence[UUID]]) -> None:
    """Append scores with their terms, facts and causes, and make each its case's present one."""
    if scored:
        rows = sql.rows([_score_row(each, causes[each.case.key]) for each in scored])
        tx.later(queries.save_scores, rows=rows)


def _score_row(rescored: Rescored, causes: Sequence[UUID]) -> dict[str, Any]:
    case, score = rescored.case, rescored.score
    return {
        "score_id": uuid7(),
        "supplier_id": case.key[0],
        "category_id": case.key[1],
        "as_of": rescored.as_of,
        "rule_set": rescored.rule_set,
        "datasets": case.inputs["datasets"],
        "score": score.score,
        "band": score.band,
        "previous_score": case.previous_score,
        "previous_band": case.previous_band,
        "stage": score.stage,
        "areas": score.areas,
        "no_data_areas": score.no_data_areas,
        "claim_gap": score.claim_gap,
        "critical_open": score.critical_open,
        "severe_open": score.severe_open,
        "not_cooperating": score.not_cooperating,
        "recommendation": score.recommendation,
        "site_known": score.site_known,
        "contract_ends_on": rescored.contract_ends_on,
        "causes": causes,
        "inputs": case.inputs,
    }


def current_scores(tx: Transaction, supplier_id: UUID, reach: Mapping[str, str | None]) -> list[Any]:
    """Return the present score of each of a supplier's cases within reach (region, area), by category."""
    return list(queries.current_scores(tx, supplier_id=supplier_id, **reach))


def scores_after(tx: Transaction, after: Key | None, limit: int) -> list[Any]:
    """Return `limit` cases' present scores, by case, from after one on."""
    supplier_id, category_id = after or (None, None)
    return list(queries.scores_after(tx, supplier_id=supplier_id, category_id=category_id, limit=limit))


def scored_otherwise(tx: Transaction, keys: Iterable[Key]) -> set[Key]:
    """Return those of the cases whose present score does not take in the judgement that is stored."""
    rows = queries.scored_otherwise(tx, keys=_keys(keys))
    return {(row.supplier_id, row.category_id) for row in rows}


def score_history(
    tx: Transaction, supplier_id: UUID, query: Mapping[str, Any], reach: Mapping[str, str | None]
) -> dict[str, Any]:
    """Return a page of a supplier's scores within reach (region, area)."""
    filters = {"supplier_id": supplier_id, "category_id": query["category_id"], **reach}
    return paging.fetch(tx, queries.score_history, query, HistoryQuery, **filters)


def suppliers_by_band(tx: Transaction) -> dict[str, int]:
    """Return how many suppliers have their worst category in each band."""
    return {row.band: row.suppliers for row in queries.suppliers_by_band(tx)}


def _keys(keys: Iterable[Key]) -> str:
    return sql.rows([{"supplier_id": each, "category_id": category} for each, category in sorted(keys)])
