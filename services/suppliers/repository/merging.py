"""Suppliers that become one: what each table does, and which supplier an old id means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from uuid import UUID

    from chassis.db import Transaction
    from services.suppliers.domain import Key

queries: Any = sql.load(__file__)

# In this order: what points at a thing moves before the thing goes
_MOVES = (
    queries.retire_identifiers,
    queries.move_identifiers,
    queries.move_own_numbers,
    queries.move_contacts,
    queries.move_sites,
    queries.mark_references,
    queries.move_contracts,
    queries.delete_judgements,
    queries.move_judgements,
    queries.move_findings,
    queries.move_deviations,
    queries.move_scores,
    queries.move_present_scores,
    queries.delete_case_ends,
    queries.move_case_ends,
    queries.delete_cases,
    queries.delete_compared,
    queries.move_aliases,
)


def hold_aliases(tx: Transaction) -> None:
    """Keep all other merges, and all who ask what an id means and then write, waiting until the end."""
    tx.later(queries.hold_aliases)


def share_aliases(tx: Transaction) -> None:
    """Let nobody merge until the end."""
    tx.later(queries.share_aliases)


def survivors(tx: Transaction, supplier_ids: Iterable[UUID], *, hold: bool = False) -> dict[UUID, UUID]:
    """Return which suppliers ids mean, where that is another one; `hold`: no merge until the end."""
    if hold:
        share_aliases(tx)
    rows = queries.survivors(tx, supplier_ids=sorted(set(supplier_ids)))
    return {row.supplier_id: row.survivor_id for row in rows}


def lock_suppliers(tx: Transaction, supplier_ids: Collection[UUID]) -> set[UUID]:
    """Hold suppliers against everybody, in the order of their ids; return those that are there."""
    return {row.supplier_id for row in queries.lock_suppliers(tx, supplier_ids=sorted(supplier_ids))}


def whole_records(tx: Transaction, survivor_id: UUID, supplier_ids: Collection[UUID]) -> dict[UUID, Any]:
    """Return suppliers with all that a merge moves; `doubled_contacts`: contact -> the one that stays."""
    rows = queries.whole_records(tx, survivor_id=survivor_id, supplier_ids=sorted(supplier_ids))
    return {row.supplier_id: row._asdict() for row in rows}


def case_keys(tx: Transaction, supplier_ids: Collection[UUID]) -> set[Key]:
    """Return the cases of suppliers, and those that their contracts and sites touch."""
    rows = queries.case_keys(tx, supplier_ids=sorted(supplier_ids))
    return {(row.supplier_id, row.category_id) for row in rows}


def absorb(
    tx: Transaction, survivor_id: UUID, absorbed: Mapping[UUID, Any], decision: Mapping[str, Any]
) -> list[Any]:
    """Move everything of absorbed suppliers (as `whole_records` has them) to a survivor, all of them locked.

    decision: `by`, `reason`, `now`. Returns (duplicate_id, kind) of the pairs that it changed or deleted.
    """
    absorbed_ids = sorted(absorbed)
    doubled = sorted(each for record in absorbed.values() for each in record["doubled_contacts"])
    tx.later(queries.delete_contacts, contact_ids=doubled)
    for move in _MOVES:
        tx.later(move, survivor_id=survivor_id, absorbed_ids=absorbed_ids)
    group_ids = [survivor_id, *absorbed_ids]
    pairs = [
        *queries.close_duplicates(tx, survivor_id=survivor_id, absorbed_ids=absorbed_ids, **decision),
        *queries.move_duplicates(tx, survivor_id=survivor_id, group_ids=group_ids),
    ]
    tx.later(queries.add_aliases, survivor_id=survivor_id, absorbed_ids=absorbed_ids, now=decision["now"])
    tx.later(queries.delete_suppliers, absorbed_ids=absorbed_ids)
    tx.later(queries.finish, survivor_id=survivor_id)
    return pairs


def merges_after(tx: Transaction, after: UUID | None, limit: int) -> Sequence[Any]:
    """Return (supplier_id, absorbed_ids) of `limit` survivors, by id, from after one on."""
    return list(queries.merges_after(tx, after=after, limit=limit))
