"""Contracts, and the cases that are followed because of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.db import Transaction
    from services.suppliers.domain import Key

queries: Any = sql.load(__file__)


def contracts(tx: Transaction, supplier_id: UUID) -> list[dict[str, Any]]:
    """Return a supplier's contracts, by id."""
    return [row._asdict() for row in queries.contracts(tx, supplier_id=supplier_id)]


def contract(tx: Transaction, supplier_id: UUID, contract_id: UUID) -> dict[str, Any] | None:
    """Return one of a supplier's contracts."""
    found = contracts(tx, supplier_id)
    return next((each for each in found if each["contract_id"] == contract_id), None)


def add_contracts(tx: Transaction, supplier_id: UUID, new: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Keep new contracts of a supplier and return their ids."""
    rows = [{**each, "contract_id": uuid7(), "supplier_id": supplier_id} for each in new]
    if rows:
        tx.later(queries.insert_contracts, rows=sql.rows(rows))
    return [row["contract_id"] for row in rows]


def change_contract(tx: Transaction, contract_id: UUID, new: Mapping[str, Any]) -> None:
    """Write a contract of a supplier that this transaction holds."""
    tx.later(queries.update_contracts, rows=sql.rows([{**new, "contract_id": contract_id}]))


def remove_contract(tx: Transaction, contract_id: UUID) -> None:
    """Take a contract away."""
    tx.later(queries.delete_contract, contract_id=contract_id)


def stop_following(tx: Transaction, keys: Iterable[Key], now: datetime) -> list[Key]:
    """Leave cases, locked, without a present score if they have no contract any more; their history stays.

    Returns those that were followed until now.
    """
    rows = sql.rows([{"supplier_id": each, "category_id": category} for each, category in sorted(keys)])
    return [(row.supplier_id, row.category_id) for row in queries.stop_following(tx, keys=rows, now=now)]
