"""Suppliers: register, change, correct, archive, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import clock, outbox, trail
from chassis.errors import Conflict, Invalid, found
from services.suppliers import events, ownership, repository, schemas, views
from services.suppliers.usecases import aliases, duplicates, editing
from services.suppliers.usecases.contracts import ARCHIVED
from services.suppliers.usecases.scoring import rescore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chassis.access import Identity, Owners
    from chassis.db import Transaction
    from chassis.events import Event
    from chassis.http import Expectation
    from services.suppliers.usecases.editing import Writer


def register_supplier(
    tx: Transaction, new: Mapping[str, Any], actor: Identity, now: datetime
) -> dict[str, Any]:
    """Register a supplier; each category that it has a contract in becomes a case with a first score."""
    aliases.share(tx)
    _require_own(actor, new, editing.areas_of(tx, _named(new)))
    supplier = repository.registry.add_supplier(tx, new, now, actor.limited_to("region"))
    registered = outbox.emit(tx, [events.supplier_registered(supplier)])
    duplicates.find(tx, [supplier["supplier_id"]], now)
    record = schemas.recorded(supplier)
    trail.wrote(tx, "supplier", supplier["supplier_id"], None, record, schema=schemas.WholeRecord)
    keys = {(supplier["supplier_id"], contract["category_id"]) for contract in new["contracts"]}
    if keys:
        repository.scores.lock_cases(tx, keys)
        rescore(tx, dict.fromkeys(keys, registered), {}, now)
    return views.shown(supplier, actor, written=new)


def change_supplier(
    tx: Transaction, supplier_id: UUID, new: Mapping[str, Any], expects: Expectation, actor: Identity
) -> dict[str, Any]:
    """Write the editable part of a supplier; nothing is told where nothing is different."""
    aliases.share(tx)
    expects.check(found(repository.registry.lock_supplier(tx, supplier_id), "supplier"))
    standings = repository.registry.standings_of_suppliers(tx, [supplier_id])
    ownership.require_supplier(actor, standings[supplier_id])
    before = _supplier(tx, supplier_id)
    wanted = {name: value for name, value in new.items() if name != "reason"}
    wanted["identifiers"] = views.kept_identifiers(new["identifiers"], before["identifiers"], actor)
    if _is_written(wanted, before):
        return views.shown(before, actor, written=new)
    after = repository.registry.change_supplier(tx, supplier_id, wanted)
    duplicates.find(tx, [supplier_id], clock.now())
    reason = new["reason"]
    editing.tell(tx, before, after, reason=reason, action="corrected" if reason else None)
    return views.shown(after, actor, written=new)


def set_status(tx: Transaction, supplier_id: UUID, new: Mapping[str, Any], by: Writer) -> dict[str, Any]:
    """Say what has become of a supplier, since when and why; all who buy from it are concerned."""
    before = editing.hold_as_seen(tx, supplier_id, by)
    ownership.require_alone(by.actor, ownership.standing_of(before))
    today = editing.today(by.now)
    since = new["since"] or today
    if since > today:
        raise Invalid({"/since": "Must not be in the future."})
    written = (new["status"], new["reason"], since)
    if written == (before["status"], before["status_reason"], before["status_since"]):
        return views.shown(before, by.actor)
    if new["status"] == ARCHIVED and any(editing.runs(contract, since) for contract in before["contracts"]):
        raise Conflict("A contract with it still runs, or has no end: end it, or remove it, first.")
    repository.registry.save_status(tx, supplier_id, *written)
    after = _supplier(tx, supplier_id)
    editing.tell(tx, before, after, reason=new["reason"], action=f"made_{new['status']}")
    return views.shown(after, by.actor)


def get_supplier(tx: Transaction, supplier_id: UUID, actor: Identity) -> dict[str, Any]:
    """Return a supplier with everything registered of it that the caller may see."""
    return views.shown(_supplier(tx, supplier_id), actor)


def readers_of(tx: Transaction, supplier_id: UUID) -> Owners | None:
    """Return who sees a supplier whole; None: there is no such supplier."""
    supplier = repository.registry.supplier(tx, supplier_id)
    return views.readers(supplier) if supplier else None


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


def _named(new: Mapping[str, Any]) -> dict[str, str]:
    """Return the categories that a new supplier names, by pointer."""
    named = {f"/contracts/{i}/category_id": each["category_id"] for i, each in enumerate(new["contracts"])}
    for i, site in enumerate(new["sites"]):
        named |= {f"/sites/{i}/category_ids/{j}": each for j, each in enumerate(site["category_ids"])}
    return named


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
