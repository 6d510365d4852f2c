"""Pairs of suppliers that may be one, and the names that have not been compared yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from services.suppliers.schemas import DuplicateQuery

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.db import Transaction

queries: Any = sql.load(__file__, planned=("find",))


def find(tx: Transaction, supplier_ids: Collection[UUID], most: int, now: datetime) -> list[Any]:
    """Keep candidates for the named suppliers by numbers and equal names, at most `most` equal ones each.

    Returns (duplicate_id, kind) of those that are new or different: created, changed.
    """
    return list(queries.find(tx, supplier_ids=sorted(supplier_ids), most=most, now=now))


def claim_unnamed(tx: Transaction, limit: int) -> list[UUID]:
    """Take up to `limit` suppliers whose names are new; a rollback gives them back."""
    return sorted(row.supplier_id for row in queries.claim_unnamed(tx, limit=limit))


def names(tx: Transaction, supplier_ids: Sequence[UUID]) -> list[Any]:
    """Return (supplier_id, legal_name, name_key, country) of those that are there."""
    return list(queries.names(tx, supplier_ids=supplier_ids))


def save_keys(tx: Transaction, keys: Mapping[UUID, str]) -> None:
    """Write name keys."""
    if keys:
        rows = [{"supplier_id": each, "name_key": keys[each]} for each in sorted(keys)]
        queries.save_keys(tx, rows=sql.rows(rows))


def save_names(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what is compared of names: supplier_id, country, core, found_by, numbers."""
    queries.save_names(tx, rows=sql.rows(rows))


def claim_uncompared(tx: Transaction, limit: int) -> list[UUID]:
    """Take up to `limit` suppliers whose names can be compared; a rollback gives them back."""
    return sorted(row.supplier_id for row in queries.claim_uncompared(tx, limit=limit))


def near(tx: Transaction, supplier_ids: Sequence[UUID], limits: Mapping[str, Any]) -> list[Any]:
    """Return (supplier_id, name_key, other_id, other_key) of names that may be alike.

    limits: `nearness` 0-1, `shortest` core compared, `block` and `most` as duplicates.toml has them.
    """
    return list(queries.near(tx, supplier_ids=supplier_ids, **limits))


def save_alike(tx: Transaction, pairs: Mapping[tuple[UUID, UUID], float], now: datetime) -> list[Any]:
    """Keep candidates by similar names: (one, other), one < other -> similarity 0-1. Returns as `find`."""
    rows = [{"one": one, "other": other, "similarity": pairs[one, other]} for one, other in sorted(pairs)]
    return list(queries.save_alike(tx, rows=sql.rows(rows), now=now)) if rows else []


def duplicates(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of pairs."""
    filters = {name: query[name] for name in ("state", "reason", "supplier_id")}
    return paging.fetch(tx, queries.duplicates, query, DuplicateQuery, duplicate_id=None, **filters)


def duplicate(tx: Transaction, duplicate_id: UUID) -> dict[str, Any] | None:
    """Return one pair."""
    rows = queries.duplicates(tx, duplicate_id=duplicate_id, state=None, reason=None, supplier_id=None)
    return next((row._asdict() for row in rows), None)


def lock_duplicate(tx: Transaction, duplicate_id: UUID) -> Any:
    """Return a pair, held until the transaction ends; None: there is none."""
    return queries.lock_duplicate(tx, duplicate_id=duplicate_id)


def decide(tx: Transaction, duplicate_id: UUID, decision: Mapping[str, Any]) -> None:
    """Write state, by, reason and now of a pair that this transaction holds."""
    queries.decide(tx, duplicate_id=duplicate_id, **decision)


def counts(tx: Transaction) -> dict[str, int]:
    """Return how many pairs are in each state, and how many names are `uncompared`."""
    found = {row.state: row.pairs for row in queries.counts(tx)}
    return {**found, "uncompared": queries.count_uncompared(tx)}
