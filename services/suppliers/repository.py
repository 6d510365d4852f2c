"""Between the tables and the domain; the only reader of queries.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.errors import Conflict
from chassis.ids import uuid7
from services.suppliers.domain import Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received
    from services.suppliers.domain import Key, Rescored

queries: Any = sql.load(__file__)


def add_supplier(tx: Transaction, new: Mapping[str, Any], now: datetime) -> UUID:
    """Keep a new supplier and return its id; Conflict if another one has an identifier of it."""
    supplier_id = uuid7()
    queries.insert_supplier(
        tx,
        supplier_id=supplier_id,
        legal_name=new["legal_name"],
        country=new["country"],
        language=new["language"],
        now=now,
    )
    _add_identifiers(tx, supplier_id, new["identifiers"])
    queries.insert_contacts(tx, rows=_numbered("contact_id", supplier_id, new["contacts"]))
    queries.insert_sites(tx, rows=_numbered("site_id", supplier_id, new["sites"]))
    queries.insert_contracts(tx, rows=_numbered("contract_id", supplier_id, new["contracts"]))
    return supplier_id


def _add_identifiers(tx: Transaction, supplier_id: UUID, identifiers: Mapping[str, str]) -> None:
    rows = [{"scheme": s, "value": value, "supplier_id": supplier_id} for s, value in identifiers.items()]
    if queries.insert_identifiers(tx, rows=sql.rows(rows)) != len(rows):
        raise Conflict("Another supplier is registered with one of these identifiers.")


def _numbered(name: str, supplier_id: UUID, items: Sequence[Mapping[str, Any]]) -> str:
    return sql.rows([{name: uuid7(), "supplier_id": supplier_id, **item} for item in items])


def suppliers(tx: Transaction, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return suppliers whole, by id: `limit` + 1 at most, so that a page knows whether another follows."""
    rows = queries.suppliers(
        tx, supplier_id=None, after=query["after"], category_id=query["category_id"], limit=query["limit"] + 1
    )
    return [row._asdict() for row in rows]


def suppliers_after(tx: Transaction, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Return `limit` suppliers whole, by id, from after one on."""
    rows = queries.suppliers(tx, supplier_id=None, after=after, category_id=None, limit=limit)
    return [row._asdict() for row in rows]


def supplier(tx: Transaction, supplier_id: UUID) -> dict[str, Any] | None:
    """Return one supplier whole."""
    rows = queries.suppliers(tx, supplier_id=supplier_id, after=None, category_id=None, limit=1)
    return next((row._asdict() for row in rows), None)


def supplier_exists(tx: Transaction, supplier_id: UUID) -> bool:
    """Tell whether there is such a supplier."""
    return bool(queries.supplier_exists(tx, supplier_id=supplier_id))


def save_category(tx: Transaction, category: Mapping[str, Any]) -> bool:
    """Create or change a category; tell whether anything is different now."""
    return bool(queries.save_category(tx, row=sql.document(category)))


def categories(tx: Transaction, after: str | None = None, limit: int | None = None) -> list[Any]:
    """Return all categories, or `limit` of them from after one on."""
    return list(queries.categories(tx, after=after, limit=limit))


def existing_categories(tx: Transaction, category_ids: Iterable[str]) -> set[str]:
    """Return those of the named categories that exist."""
    rows = queries.existing_categories(tx, category_ids=sorted(set(category_ids)))
    return {row.category_id for row in rows}


def replace_country_values(
    tx: Transaction, index: str, year: int, values: Mapping[str, Decimal], now: datetime
) -> None:
    """Keep an index's year: these countries, and no others."""
    queries.save_dataset(tx, index=index, year=year, now=now)
    queries.delete_country_values(tx, index=index, year=year)
    rows = [
        {"index": index, "year": year, "country": country, "value": values[country]} for country in values
    ]
    queries.insert_country_values(tx, rows=sql.rows(rows))


def datasets(tx: Transaction) -> list[Any]:
    """Return what has been imported."""
    return list(queries.datasets(tx))


def lock_cases(tx: Transaction, keys: Iterable[Key]) -> None:
    """Make the cases that are not known yet and lock all of them, in order, until the transaction ends."""
    rows = _keys(keys)
    queries.create_cases(tx, keys=rows)
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


def save_scores(tx: Transaction, scored: Sequence[Rescored], causes: Mapping[Key, Sequence[UUID]]) -> None:
    """Append scores with their terms, facts and causes, and make each its case's present one."""
    if scored:
        queries.save_scores(tx, rows=sql.rows([_score_row(each, causes[each.case.key]) for each in scored]))


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


def current_scores(tx: Transaction, supplier_id: UUID) -> list[Any]:
    """Return the present score of each of a supplier's cases, by category."""
    return list(queries.current_scores(tx, supplier_id=supplier_id))


def scores_after(tx: Transaction, after: Key | None, limit: int) -> list[Any]:
    """Return `limit` cases' present scores, by case, from after one on."""
    supplier_id, category_id = after or (None, None)
    return list(queries.scores_after(tx, supplier_id=supplier_id, category_id=category_id, limit=limit))


def scored_otherwise(tx: Transaction, keys: Iterable[Key]) -> set[Key]:
    """Return those of the cases whose present score does not take in the judgement that is stored."""
    rows = queries.scored_otherwise(tx, keys=_keys(keys))
    return {(row.supplier_id, row.category_id) for row in rows}


def score_history(tx: Transaction, supplier_id: UUID, query: Mapping[str, Any]) -> list[Any]:
    """Return a supplier's scores, oldest first: `limit` + 1 at most."""
    return list(
        queries.score_history(
            tx,
            supplier_id=supplier_id,
            category_id=query["category_id"],
            after=query["after"],
            limit=query["limit"] + 1,
        )
    )


def suppliers_by_band(tx: Transaction) -> dict[str, int]:
    """Return how many suppliers have their worst category in each band."""
    return {row.band: row.suppliers for row in queries.suppliers_by_band(tx)}


def _keys(keys: Iterable[Key]) -> str:
    return sql.rows([{"supplier_id": each, "category_id": category} for each, category in sorted(keys)])
