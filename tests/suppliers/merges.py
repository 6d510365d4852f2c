"""Suppliers that are merged in tests, and what the tests read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.suppliers import schemas, usecases
from services.suppliers.usecases.editing import Writer
from tests.callers import OFFICE, WHATEVER, page_query
from tests.suppliers.bodies import NOW, SUPPLIER, import_china, put_gloves, register, supplier

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Expectation

WHY = "Registered by two regions."


def made(tx: Transaction, name: str = "Exempelleverantör 017 AB", **changes: Any) -> UUID:
    """A supplier of gloves with nothing else, unless it is named."""
    empty: dict[str, Any] = {"contacts": [], "sites": [], "contracts": []}
    put_gloves(tx)
    import_china(tx)
    supplier_id: UUID = register(tx, supplier(**{"legal_name": name, **empty, **changes}))["supplier_id"]
    return supplier_id


def contract(reference: str | None = None, **changes: Any) -> dict[str, Any]:
    return SUPPLIER["contracts"][0] | {"reference": reference} | changes


def contact(email: str, name: str = "Kim") -> dict[str, Any]:
    return SUPPLIER["contacts"][0] | {"email": email, "name": name}


def merge(
    tx: Transaction, survivor_id: UUID, *absorbed_ids: UUID, expects: Expectation = WHATEVER
) -> dict[str, Any]:
    wanted = {"absorbed_ids": list(absorbed_ids), "reason": WHY}
    return usecases.merging.merge(tx, survivor_id, wanted, Writer(OFFICE, NOW, expects))


def pairs(tx: Transaction, **filters: Any) -> list[Any]:
    """The candidates, as rows."""
    found = usecases.duplicates.list_duplicates(tx, page_query(schemas.DuplicateQuery, **filters), OFFICE)
    return list(found["items"])


def pairs_of(tx: Transaction, supplier_id: UUID) -> dict[UUID, Any]:
    """What a supplier may be one with: the other's id -> the pair."""
    return {
        row.other if row.one == supplier_id else row.one: row for row in pairs(tx, supplier_id=supplier_id)
    }


def noted(tx: Transaction, duplicate_id: UUID) -> list[str]:
    """What the changes say of a pair, in order."""
    tx.send()
    rows = ask(
        tx,
        "SELECT kind, owners FROM changes_unsealed WHERE (resource, id) = ('duplicate', %s) ORDER BY entry",
        str(duplicate_id),
    )
    assert all(owners is None for _, owners in rows)
    return [kind for kind, _ in rows]


def ask(tx: Transaction, statement: str, *values: Any) -> list[Any]:
    """The rows of a statement; a single column as plain values."""
    with tx.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] if len(row) == 1 else tuple(row) for row in cursor.fetchall()]
