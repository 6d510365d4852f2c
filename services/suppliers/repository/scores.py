"""Cases with what their scores follow from, and the scores."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import sql
from chassis.http import paging
from chassis.ids import uuid7
from services.suppliers.domain import FLAGS, Case, Previous
from services.suppliers.events import DeviationOverdue, DeviationVerified
from services.suppliers.repository import categories, countries
from services.suppliers.schemas import HistoryQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chassis.access import Owners
    from chassis.db import Transaction
    from chassis.events import Received
    from services.suppliers.domain import Key, Rescored

queries: Any = sql.load(__file__)

# What is known of a case that nothing has happened to
_UNKNOWN: dict[str, Any] = {"judgement": None, "audits": [], "deviations": []}
_OUTCOME = (*FLAGS, "score", "band", "no_data_areas")


def lock_cases(tx: Transaction, keys: Iterable[Key]) -> None:
    """Make the cases that are not known yet and lock all of them, in order, until the transaction ends."""
    rows = _keys(keys)
    tx.later(queries.create_cases, keys=rows)
    list(queries.lock_cases(tx, keys=rows))


def save_judgements(tx: Transaction, newest: Sequence[Received]) -> None:
    """Keep each case's completed assessment unless a newer one is there."""
    queries.save_judgements(tx, rows=sql.rows([{"version": event.version, **event.data} for event in newest]))


def save_findings(tx: Transaction, newest: Sequence[Received]) -> None:
    """Keep what audits found in cases, unless a newer report of the same audit is there."""
    queries.save_findings(tx, rows=sql.rows([{"version": event.version, **event.data} for event in newest]))


def save_deviations(tx: Transaction, newest: Sequence[Received]) -> None:
    """Keep deviations as the newest event about each says that they are."""
    rows = [
        {
            "version": event.version,
            **event.data,
            "open": event.type != DeviationVerified.type,
            "overdue": event.type == DeviationOverdue.type,
        }
        for event in newest
    ]
    queries.save_deviations(tx, rows=sql.rows(rows))


def cases_to_score(tx: Transaction, keys: Iterable[Key]) -> list[Case]:
    """Return the cases with all that their scores follow from; cases without a contract are left out."""
    rows = list(queries.cases_to_score(tx, keys=_keys(keys)))
    facts = _Facts(tx, rows)
    return [
        Case((row.supplier_id, row.category_id), facts.of(row), row.contract_ends_on, _previous(row))
        for row in rows
    ]


def _previous(row: Any) -> Previous | None:
    flags = tuple(getattr(row, name) for name in FLAGS)
    return None if row.band is None else Previous(row.score, row.band, flags)


class _Facts:
    """The facts of cases; those that have nothing of their own share what follows from sites and category."""

    def __init__(self, tx: Transaction, rows: Sequence[Any]) -> None:
        """Read what the rows' categories and countries have."""
        named = {site.partition(":")[2] for row in rows for site in _sites(row)}
        self._newest = countries.newest_values(tx, named)
        self._analyses = categories.analyses(tx, {row.category_id for row in rows})
        self._shared: dict[tuple[str, str | None], dict[str, Any]] = {}

    def of(self, row: Any) -> dict[str, Any]:
        """Return the facts of a case in the form in which they are kept."""
        key = (row.category_id, row.sites)
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = self._of_sites(row) | _UNKNOWN
        return shared if row.known is None else shared | row.known

    def _of_sites(self, row: Any) -> dict[str, Any]:
        sites = sorted((int(tier), country) for tier, _, country in (s.partition(":") for s in _sites(row)))
        named = {country for _, country in sites}
        return {
            "sites": [{"tier": tier, "country": country} for tier, country in sites],
            "analysis": self._analyses[row.category_id],
            "datasets": {each.index: each.year for each in self._newest},
            "indices": {
                each.index: {code: value for code, value in each.by_country.items() if code in named}
                for each in self._newest
            },
        }


def _sites(row: Any) -> list[str]:
    return row.sites.split(",") if row.sites else []


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
    """Append scores with their terms, facts and causes, and make each its case's present one.

    All are of one moment.
    """
    if not scored:
        return
    results: dict[int, dict[str, Any]] = {}  # by the score that they hold
    for each in scored:
        if id(each.score) not in results:
            results[id(each.score)] = _result_row(each)
    tx.later(queries.save_results, rows=sql.rows(list(results.values())))
    rows = [_score_row(each, results[id(each.score)], causes[each.case.key]) for each in scored]
    tx.later(queries.save_scores, rows=sql.rows(rows), as_of=scored[0].as_of)


def _score_row(rescored: Rescored, result: Mapping[str, Any], causes: Sequence[UUID]) -> dict[str, Any]:
    case = rescored.case
    return {
        "supplier_id": case.key[0],
        "category_id": case.key[1],
        "score_id": uuid7(),
        "result_id": result["result_id"],
        "contract_ends_on": case.contract_ends_on,
        "causes": causes,
    }


def _result_row(rescored: Rescored) -> dict[str, Any]:
    """Return what a score consists of, under a hash of it: who has the same has the same row."""
    score = rescored.score
    row = {
        "rule_set": rescored.rule_set,
        "inputs": rescored.case.inputs,
        "areas": score.areas,
        "cells": score.cells,
        **{name: getattr(score, name) for name in _OUTCOME},
    }
    digest = hashlib.sha256(sql.document(row).encode()).digest()
    return {"result_id": UUID(bytes=digest[:16]), **row}


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
