"""Suppliers: register, change, read, find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import clock, outbox, trail
from chassis.errors import Invalid, found
from services.suppliers import events, ownership, repository, schemas
from services.suppliers.usecases import duplicates
from services.suppliers.usecases.scoring import rescore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction
    from chassis.events import Event
    from chassis.http import Expectation


# The view in which nothing is left out
INTERNAL = "internal"


def register_supplier(
    tx: Transaction, new: Mapping[str, Any], actor: Identity, now: datetime
) -> dict[str, Any]:
    """Register a supplier; each category that it has a contract in becomes a case with a first score."""
    _require_own(actor, new, _areas(tx, new))
    supplier = repository.registry.add_supplier(tx, new, now)
    registered = outbox.emit(tx, [events.supplier_registered(supplier)])
    duplicates.find(tx, [supplier["supplier_id"]], now)
    trail.wrote(tx, "supplier", supplier["supplier_id"], None, supplier, schema=schemas.SupplierView)
    keys = {(supplier["supplier_id"], contract["category_id"]) for contract in new["contracts"]}
    if keys:
        repository.scores.lock_cases(tx, keys)
        rescore(tx, dict.fromkeys(keys, registered), {}, now)
    return _shown(supplier, actor)


def change_supplier(
    tx: Transaction, supplier_id: UUID, new: Mapping[str, Any], expects: Expectation, actor: Identity
) -> dict[str, Any]:
    """Write the editable part of a supplier; nothing is told where nothing is different."""
    expects.check(found(repository.registry.lock_supplier(tx, supplier_id), "supplier"))
    standings = repository.registry.standings_of_suppliers(tx, [supplier_id])
    ownership.require_supplier(actor, standings[supplier_id])
    before = _supplier(tx, supplier_id)
    if _is_written(new, before):
        return _shown(before, actor)
    after = repository.registry.change_supplier(tx, supplier_id, new)
    outbox.emit(tx, [events.supplier_changed(after)])
    duplicates.find(tx, [supplier_id], clock.now())
    trail.wrote(tx, "supplier", supplier_id, before, after, schema=schemas.SupplierView)
    return _shown(after, actor)


def get_supplier(tx: Transaction, supplier_id: UUID, actor: Identity) -> dict[str, Any]:
    """Return a supplier with everything registered of it that the caller may see."""
    return _shown(_supplier(tx, supplier_id), actor)


def look_up(tx: Transaction, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return which suppliers a region's own numbers mean."""
    return {"items": repository.registry.look_up(tx, asked["region"], asked["numbers"])}


def list_suppliers(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of suppliers."""
    return repository.registry.suppliers(tx, query, lambda row: _shown(row._asdict(), actor))


def present_suppliers(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of suppliers, by subject."""
    rows = repository.registry.suppliers_after(tx, UUID(after) if after else None, limit)
    return [events.supplier_registered(row._asdict()) for row in rows]


def _require_own(actor: Identity, new: Mapping[str, Any], areas: Mapping[str, str | None]) -> None:
    """Raise Forbidden for contracts and numbers of others."""
    for contract in new["contracts"]:
        ownership.require_contract(actor, contract, areas)
    for own in new["own_numbers"]:
        ownership.require_number(actor, own["region"])


def _areas(tx: Transaction, new: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the area of each category that is named; raises Invalid for those that there are not."""
    named = {f"/contracts/{i}/category_id": each["category_id"] for i, each in enumerate(new["contracts"])}
    for i, site in enumerate(new["sites"]):
        named |= {f"/sites/{i}/category_ids/{j}": each for j, each in enumerate(site["category_ids"])}
    known = repository.categories.areas_of_categories(tx, named.values()) if named else {}
    faults = {at: "There is no such category." for at, category in named.items() if category not in known}
    if faults:
        raise Invalid(faults)
    return known


def _is_written(new: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether a change changes nothing. Raises Invalid for contacts that it does not have."""
    known = {contact["contact_id"] for contact in before["contacts"]}
    written = [
        {**each, "contact_id": each["contact_id"] and str(each["contact_id"])} for each in new["contacts"]
    ]
    ids = [each["contact_id"] for each in written]
    strange = [i for i, one in enumerate(ids) if one and (one not in known or one in ids[:i])]
    if strange:
        raise Invalid(
            {f"/contacts/{i}/contact_id": "There is no such contact, or no second." for i in strange}
        )
    return {**new, "contacts": sorted(written, key=lambda each: each["contact_id"] or "")} == {
        name: before[name] for name in new
    }


def _supplier(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    return found(repository.registry.supplier(tx, supplier_id), "supplier")


def _shown(supplier: dict[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a supplier as this caller may see it: deeper tiers stay in the internal record."""
    if actor.view == INTERNAL:
        return supplier
    sites = [site for site in supplier["sites"] if site["tier"] in events.SHARED_TIERS]
    return {**supplier, "sites": sites}
