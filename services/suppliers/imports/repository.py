"""Between the tables and an import's rows; the only reader of this folder's queries.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from services.suppliers.domain import name_key
from services.suppliers.imports.matching import OWN, keys_of
from services.suppliers.repository import sites as places

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.imports import Parsed
    from services.suppliers.imports.matching import NumberKey, Plan

queries: Any = sql.load(__file__)

# What a new supplier has of which its row says nothing
UNSAID: dict[str, Any] = {
    "version": 1,
    "status": "active",
    **dict.fromkeys(("status_reason", "status_since")),
    **{name: [] for name in ("contacts", "sites", "contracts", "merged_ids", "areas")},
}


def known_numbers(tx: Transaction, rows: Sequence[Parsed]) -> dict[NumberKey, UUID]:
    """Return the suppliers that the rows' numbers mean, and hold them until the transaction ends."""
    keys = {key for row in rows for key in keys_of(row.values)}
    asked = [
        {"scheme": key[0], "region": key[1] if key[0] == OWN else None, "number": key[-1]}
        for key in sorted(keys)
    ]
    found = _locked(tx, sql.rows(asked))
    return {
        (row.scheme, row.region, row.number)
        if row.scheme == OWN
        else (row.scheme, row.number): row.supplier_id
        for row in found
    }


def _locked(tx: Transaction, keys: str) -> list[Any]:
    """Return which suppliers numbers mean, locked; asked again if one was absorbed while we waited for it."""
    while True:
        found = list(queries.numbers(tx, keys=keys))
        wanted = {row.supplier_id for row in found}
        if not wanted:
            return found
        locked = {row.supplier_id for row in queries.lock_suppliers(tx, supplier_ids=sorted(wanted))}
        if locked == wanted:
            return found


def registered(tx: Transaction, supplier_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return legal_name, country, language and identifiers of suppliers."""
    if not supplier_ids:
        return {}
    rows = queries.registered(tx, supplier_ids=sorted(supplier_ids))
    return {row.supplier_id: row._asdict() for row in rows}


def save_suppliers(tx: Transaction, plan: Plan, now: datetime, *, imported: bool) -> None:
    """Write what a chunk of rows came to; `imported`: what is new is of the past, and marked so."""

    def rows(supplier_ids: Collection[UUID]) -> list[dict[str, Any]]:
        states = [{**plan.state[each], "supplier_id": each} for each in sorted(supplier_ids)]
        return [{**each, "name_key": name_key(each["legal_name"])} for each in states]

    _write(tx, queries.insert_suppliers, rows(plan.made), now=now, imported=imported)
    _write(tx, queries.update_suppliers, rows(plan.rewritten))
    identifiers = [
        {"scheme": key[0], "value": key[1], "supplier_id": each}
        for key, each in plan.numbers
        if key[0] != OWN
    ]
    own = [
        {"region": key[1], "number": key[2], "supplier_id": each}
        for key, each in plan.numbers
        if key[0] == OWN
    ]
    _write(tx, queries.insert_identifiers, identifiers)
    _write(tx, queries.insert_own_numbers, own)


def _write(tx: Transaction, query: Any, rows: Sequence[Mapping[str, Any]], **values: Any) -> None:
    """Write rows with the next statement; none: nothing is asked."""
    if rows:
        tx.later(query, rows=sql.rows(rows), **values)


def whole(plan: Plan, now: datetime, *, imported: bool) -> dict[UUID, dict[str, Any]]:
    """Return the suppliers that a chunk makes, by id, as the registry has them once they are written."""
    numbers: dict[UUID, list[dict[str, str]]] = {each: [] for each in plan.made}
    for key, supplier_id in sorted(plan.numbers):
        if key[0] == OWN and supplier_id in numbers:
            numbers[supplier_id].append({"region": key[1], "number": key[2]})
    return {
        each: {
            **UNSAID,
            **plan.state[each],
            "supplier_id": each,
            "registered_at": now,
            "imported": imported,
            "own_numbers": own,
        }
        for each, own in numbers.items()
    }


def hold_headlines(tx: Transaction, supplier_ids: Collection[UUID]) -> None:
    """Lock suppliers' headlines in order, until the transaction ends; no case is locked after that."""
    if supplier_ids:
        tx.later(queries.hold_headlines, supplier_ids=sorted(supplier_ids))


def raise_versions(tx: Transaction, supplier_ids: Collection[UUID]) -> None:
    """Note that the editable part of these suppliers is another now."""
    if supplier_ids:
        tx.later(queries.raise_versions, supplier_ids=sorted(supplier_ids))


def contacts(tx: Transaction, supplier_ids: Collection[UUID]) -> dict[tuple[UUID, str], dict[str, Any]]:
    """Return the contacts of suppliers by (supplier, address in lower case); of two, the older."""
    found: dict[tuple[UUID, str], dict[str, Any]] = {}
    for row in queries.contacts(tx, supplier_ids=sorted(supplier_ids)):
        found.setdefault((row.supplier_id, row.email.lower()), row._asdict())
    return found


def save_contacts(
    tx: Transaction, new: Sequence[Mapping[str, Any]], changed: Sequence[Mapping[str, Any]]
) -> None:
    """Write contacts."""
    _write(tx, queries.insert_contacts, new)
    _write(tx, queries.update_contacts, changed)


def contracts(tx: Transaction, keys: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], dict[str, Any]]:
    """Return the contracts under the named (supplier, reference)."""
    asked = [{"supplier_id": supplier_id, "reference": reference} for supplier_id, reference in sorted(keys)]
    rows = queries.contracts(tx, keys=sql.rows(asked))
    return {(row.supplier_id, row.reference): row._asdict() for row in rows}


def sites(
    tx: Transaction, supplier_ids: Collection[UUID], known: Callable[[Mapping[str, Any]], bool]
) -> dict[tuple[UUID, str, str], dict[str, Any]]:
    """Return the `known` sites of suppliers by (supplier, name, country); of two, the older."""
    found: dict[tuple[UUID, str, str], dict[str, Any]] = {}
    for row in queries.sites(tx, supplier_ids=sorted(supplier_ids)):
        if known(site := row._asdict()):
            found.setdefault((row.supplier_id, row.name, row.country), site)
    return found


def save_sites(
    tx: Transaction, new: Sequence[Mapping[str, Any]], changed: Sequence[Mapping[str, Any]]
) -> None:
    """Write sites."""
    _write(tx, places.queries.insert_sites, new)
    _write(tx, places.queries.update_sites, changed)


def with_contract(tx: Transaction, keys: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Return those cases that have a contract."""
    asked = [{"supplier_id": supplier_id, "category_id": category} for supplier_id, category in sorted(keys)]
    return {(row.supplier_id, row.category_id) for row in queries.with_contract(tx, keys=sql.rows(asked))}


def archived(tx: Transaction, supplier_ids: Collection[UUID]) -> set[UUID]:
    """Return those suppliers that are archived."""
    return {row.supplier_id for row in queries.archived(tx, supplier_ids=sorted(supplier_ids))}


def areas(tx: Transaction) -> dict[str, str | None]:
    """Return all categories, with the area that answers for each."""
    return {row.category_id: row.responsible_area for row in queries.categories(tx)}


def save_contracts(
    tx: Transaction,
    new: Sequence[Mapping[str, Any]],
    changed: Sequence[Mapping[str, Any]],
    *,
    imported: bool,
) -> None:
    """Write contracts; `imported`: what is new is of the past, and marked so."""
    _write(tx, queries.insert_contracts, new, imported=imported)
    _write(tx, queries.update_contracts, changed)
