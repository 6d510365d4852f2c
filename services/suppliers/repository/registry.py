"""Suppliers, categories, and the values of countries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.errors import Conflict
from chassis.http import paging
from chassis.ids import uuid7
from services.suppliers.repository.statements import queries
from services.suppliers.schemas import CategoryQuery, DatasetQuery, SupplierQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal
    from uuid import UUID

    from chassis.access import Owners
    from chassis.db import Transaction

# What a supplier has: how a new one's are kept
_PARTS = {
    "contact": queries.insert_contacts,
    "site": queries.insert_sites,
    "contract": queries.insert_contracts,
}
_UNFILTERED = dict.fromkeys(("country", "status", "category_id", "region"))


def add_supplier(tx: Transaction, new: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Keep a new supplier and return it whole; Conflict if another one has a number of it."""
    supplier_id = uuid7()
    tx.later(
        queries.insert_supplier,
        supplier_id=supplier_id,
        legal_name=new["legal_name"],
        country=new["country"],
        language=new["language"],
        now=now,
    )
    _add_identifiers(tx, supplier_id, new["identifiers"])
    _add_own_numbers(tx, supplier_id, new["own_numbers"])
    for name, query in _PARTS.items():
        if new[f"{name}s"]:
            tx.later(query, rows=_numbered(f"{name}_id", supplier_id, new[f"{name}s"]))
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
        raise Conflict("Another supplier is registered with one of these identifiers.")
    if len(written["own_numbers"]) != len(new.get("own_numbers", written["own_numbers"])):
        raise Conflict("Another supplier has one of these numbers in its region's register.")
    return written


def look_up(tx: Transaction, region: str, numbers: Sequence[str]) -> list[Any]:
    """Return (number, supplier id or None) for a region's own numbers, in their order."""
    return list(queries.look_up(tx, region=region, numbers=list(numbers)))


def _numbered(name: str, supplier_id: UUID, items: Sequence[Mapping[str, Any]]) -> str:
    return sql.rows([{**item, name: uuid7(), "supplier_id": supplier_id} for item in items])


def suppliers(
    tx: Transaction, query: Mapping[str, Any], shown: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """Return a page of suppliers, as `shown` makes them of whole ones."""
    filters = {name: query[name] for name in ("country", "status", "category_id", "region")}
    return paging.fetch(
        tx, queries.suppliers, query, SupplierQuery, shown=shown, supplier_ids=None, **filters
    )


def suppliers_by_id(tx: Transaction, supplier_ids: Sequence[UUID]) -> list[Any]:
    """Return the named suppliers, whole, by id."""
    return sorted(queries.suppliers(tx, supplier_ids=list(supplier_ids), **_UNFILTERED))


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
    tx.later(queries.update_supplier, supplier_id=supplier_id, **own)
    tx.later(queries.delete_identifiers, supplier_id=supplier_id)
    _add_identifiers(tx, supplier_id, new["identifiers"])
    kept = [contact for contact in new["contacts"] if contact["contact_id"]]
    tx.later(
        queries.delete_contacts, supplier_id=supplier_id, kept=[contact["contact_id"] for contact in kept]
    )
    rows = sql.rows([{"supplier_id": supplier_id, **contact} for contact in kept])
    tx.later(queries.update_contacts, rows=rows)
    fresh = [contact for contact in new["contacts"] if not contact["contact_id"]]
    tx.later(queries.insert_contacts, rows=_numbered("contact_id", supplier_id, fresh))
    return _with_its_numbers(tx, supplier_id, new)


def owners_of_suppliers(tx: Transaction, supplier_ids: Collection[UUID]) -> dict[UUID, Owners]:
    """Return whose suppliers are: by their contracts' regions, and by their categories' areas."""
    rows = queries.owners_of_suppliers(tx, supplier_ids=sorted(supplier_ids))
    return {row.supplier_id: {"region": row.regions, "area": row.areas} for row in rows}


def supplier_exists(tx: Transaction, supplier_id: UUID) -> bool:
    """Tell whether there is such a supplier."""
    return bool(queries.supplier_exists(tx, supplier_id=supplier_id))


def save_category(tx: Transaction, category: Mapping[str, Any], known: int | None) -> bool:
    """Create a category, or change the known version; tell whether nobody was faster."""
    return bool(queries.save_category(tx, row=sql.document(category), known=known))


def categories(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of categories."""
    return paging.fetch(tx, queries.categories, query, CategoryQuery, category_id=None)


def category(tx: Transaction, category_id: str) -> dict[str, Any] | None:
    """Return one category."""
    return next((row._asdict() for row in queries.categories(tx, category_id=category_id)), None)


def categories_after(tx: Transaction, after: str | None, limit: int) -> list[Any]:
    """Return `limit` categories, in order, from after one on."""
    return list(queries.categories_after(tx, after=after, limit=limit))


def areas_of_categories(tx: Transaction, category_ids: Iterable[str]) -> dict[str, str | None]:
    """Return those of the named categories that exist, with the area that answers for each, if one does."""
    rows = queries.areas_of_categories(tx, category_ids=sorted(set(category_ids)))
    return {row.category_id: row.responsible_area for row in rows}


def replace_country_values(
    tx: Transaction, key: tuple[str, int], values: Mapping[str, Decimal], known: int | None, now: datetime
) -> bool:
    """Keep a year (index, year): these countries, and no others; tell whether nobody was faster."""
    index, year = key
    if not queries.save_dataset(tx, index=index, year=year, known=known, now=now):
        return False
    queries.delete_country_values(tx, index=index, year=year)
    rows = [
        {"index": index, "year": year, "country": country, "value": values[country]} for country in values
    ]
    queries.insert_country_values(tx, rows=sql.rows(rows))
    return True


def datasets(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of what has been imported."""
    return paging.fetch(tx, queries.datasets, query, DatasetQuery, index=query["index"], year=None)


def dataset(tx: Transaction, index: str, year: int) -> dict[str, Any] | None:
    """Return one imported year of an index."""
    return next((row._asdict() for row in queries.datasets(tx, index=index, year=year)), None)
