"""Suppliers with all that is registered of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.errors import Conflict
from chassis.ids import uuid7
from services.suppliers.domain import name_key
from services.suppliers.ownership import Standing
from services.suppliers.repository import contracts, sites

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from chassis.db import Transaction

queries: Any = sql.load(
    __file__,
    planned=("supplier", "suppliers", "insert_supplier", "insert_identifiers", "insert_contacts"),
)


def add_supplier(
    tx: Transaction, new: Mapping[str, Any], now: datetime, region: str | None = None
) -> dict[str, Any]:
    """Keep a new supplier and return it whole; Conflict if another one has a number of it.

    `region`: whose caller registers it, if a region's.
    """
    supplier_id = uuid7()
    tx.later(
        queries.insert_supplier,
        supplier_id=supplier_id,
        legal_name=new["legal_name"],
        name_key=name_key(new["legal_name"]),
        country=new["country"],
        language=new["language"],
        now=now,
    )
    _add_identifiers(tx, supplier_id, new["identifiers"])
    _add_own_numbers(tx, supplier_id, new["own_numbers"])
    if new["contacts"]:
        tx.later(queries.insert_contacts, rows=_numbered(supplier_id, new["contacts"]))
    sites.add_sites(tx, supplier_id, new["sites"], region)
    contracts.add_contracts(tx, supplier_id, new["contracts"])
    return _with_its_numbers(tx, supplier_id, new)


def _add_identifiers(tx: Transaction, supplier_id: UUID, identifiers: Mapping[str, str]) -> None:
    rows = [{"scheme": s, "value": value, "supplier_id": supplier_id} for s, value in identifiers.items()]
    if rows:
        tx.later(queries.insert_identifiers, rows=sql.rows(rows))


def _add_own_numbers(tx: Transaction, supplier_id: UUID, own: Sequence[Mapping[str, str]]) -> None:
    rows = [{**each, "supplier_id": supplier_id} for each in own]
    if rows:
        tx.later(queries.insert_own_numbers, rows=sql.rows(rows))


def _with_its_numbers(tx: Transaction, supplier_id: UUID, new: Mapping[str, Any]) -> dict[str, Any]:
    """Return a supplier as it is written now; Conflict if it did not get all numbers: somebody has them."""
    written = supplier(tx, supplier_id)
    assert written is not None, "it was written in this transaction"  # noqa: S101  for mypy
    if written["identifiers"] != new["identifiers"]:
        raise Conflict(_held(tx, supplier_id, new["identifiers"]))
    if len(written["own_numbers"]) != len(new.get("own_numbers", written["own_numbers"])):
        raise Conflict("Another supplier has one of these numbers in its region's register.")
    return written


def _held(tx: Transaction, supplier_id: UUID, identifiers: Mapping[str, str]) -> str:
    """Say who has which of these numbers; the numbers themselves may be somebody's own and are not told."""
    rows = [{"scheme": s, "value": value, "supplier_id": supplier_id} for s, value in identifiers.items()]
    holders = queries.holders(tx, rows=sql.rows(rows))
    told = "; ".join(f"{row.scheme}: {row.legal_name} ({row.supplier_id})" for row in holders)
    return f"Another supplier is registered with one of these identifiers. {told}".rstrip()


def _numbered(supplier_id: UUID, contacts: Sequence[Mapping[str, Any]]) -> str:
    return sql.rows([{**each, "contact_id": uuid7(), "supplier_id": supplier_id} for each in contacts])


def suppliers_by_id(tx: Transaction, supplier_ids: Sequence[UUID]) -> list[Any]:
    """Return the named suppliers, whole, by id."""
    rows = queries.suppliers(tx, supplier_ids=list(supplier_ids))
    return sorted(rows, key=lambda row: row.supplier_id)


def suppliers_after(tx: Transaction, after: UUID | None, limit: int) -> list[Any]:
    """Return `limit` suppliers whole, by id, from after one on."""
    rows = queries.suppliers_after(tx, after=after, limit=limit)
    return suppliers_by_id(tx, [row.supplier_id for row in rows])


def supplier(tx: Transaction, supplier_id: UUID) -> dict[str, Any] | None:
    """Return one supplier whole."""
    row = queries.supplier(tx, supplier_id=supplier_id)
    return row._asdict() if row else None


def lock_supplier(tx: Transaction, supplier_id: UUID) -> int | None:
    """Hold a supplier until the transaction ends; return the version of its editable part."""
    version: int | None = queries.lock_supplier(tx, supplier_id=supplier_id)
    return version


def change_supplier(tx: Transaction, supplier_id: UUID, new: Mapping[str, Any]) -> dict[str, Any]:
    """Write the editable part of a supplier that this transaction holds, and return the whole of it.

    Contacts keep their ids by address. Raises Conflict if another supplier has an identifier of it.
    """
    own = {name: new[name] for name in ("legal_name", "country", "language")}
    key = name_key(new["legal_name"])
    tx.later(queries.update_supplier, supplier_id=supplier_id, name_key=key, **own)
    tx.later(queries.delete_identifiers, supplier_id=supplier_id)
    _add_identifiers(tx, supplier_id, new["identifiers"])
    kept = [contact for contact in new["contacts"] if contact["contact_id"]]
    tx.later(
        queries.delete_contacts, supplier_id=supplier_id, kept=[contact["contact_id"] for contact in kept]
    )
    rows = sql.rows([{"supplier_id": supplier_id, **contact} for contact in kept])
    tx.later(queries.update_contacts, rows=rows)
    fresh = [contact for contact in new["contacts"] if not contact["contact_id"]]
    tx.later(queries.insert_contacts, rows=_numbered(supplier_id, fresh))
    return _with_its_numbers(tx, supplier_id, new)


def remove_own_number(tx: Transaction, region: str, number: str) -> None:
    """Take a region's own number from the supplier that has it, and that this transaction holds."""
    tx.later(queries.delete_own_number, region=region, number=number)


def raise_version(tx: Transaction, supplier_id: UUID) -> None:
    """Note that something of a supplier, which this transaction holds, is different."""
    tx.later(queries.raise_version, supplier_id=supplier_id)


def save_status(tx: Transaction, supplier_id: UUID, status: str, reason: str, since: date) -> None:
    """Write what has become of a supplier that this transaction holds."""
    tx.later(queries.update_status, supplier_id=supplier_id, status=status, reason=reason, since=since)


def standings_of_suppliers(tx: Transaction, supplier_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Return what decides whose the named suppliers are."""
    if not supplier_ids:
        return {}
    rows = queries.standings_of_suppliers(tx, supplier_ids=sorted(supplier_ids))
    return {
        row.supplier_id: Standing(row.contracted, *map(frozenset, (row.regions, row.areas, row.numbers)))
        for row in rows
    }


def supplier_exists(tx: Transaction, supplier_id: UUID) -> bool:
    """Tell whether there is such a supplier."""
    return bool(queries.supplier_exists(tx, supplier_id=supplier_id))
