"""Suppliers that become one. Every id that a supplier ever had means it (docs/merging.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import outbox, trail
from chassis.errors import Conflict, Invalid, NotFound
from services.suppliers import events, repository, schemas, views
from services.suppliers.usecases import aliases, editing
from services.suppliers.usecases.contracts import ARCHIVED
from services.suppliers.usecases.scoring import rescore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chassis.db import Transaction
    from chassis.events import Event
    from services.suppliers.usecases.editing import Writer


def merge(tx: Transaction, survivor_id: UUID, wanted: Mapping[str, Any], by: Writer) -> dict[str, Any]:
    """Merge suppliers into one that survives, and return it; ids that mean others are taken for those.

    wanted: `absorbed_ids` and the `reason`. Raises NotFound without the survivor, Invalid for absorbed ones
    that are not there, Conflict where two of them are one supplier already, PreconditionFailed where the
    survivor is not as its writer takes for granted.
    """
    aliases.hold(tx)
    survivor_id, absorbed_ids = _parties(tx, survivor_id, wanted["absorbed_ids"])
    keys = repository.merging.case_keys(tx, [survivor_id, *absorbed_ids])
    own = {(survivor_id, category_id) for _, category_id in keys}
    repository.scores.lock_cases(tx, keys | own)
    before = repository.merging.whole_records(tx, survivor_id, [survivor_id, *absorbed_ids])
    by.expects.check(before[survivor_id]["version"])
    absorbed = {each: before[each] for each in absorbed_ids}
    _refuse_archived(before[survivor_id], absorbed.values())
    decision = {"by": by.actor.subject, "reason": wanted["reason"], "now": by.now}
    editing.note_pairs(tx, repository.merging.absorb(tx, survivor_id, absorbed, decision))
    after: dict[str, Any] = repository.merging.whole_records(tx, survivor_id, [survivor_id])[survivor_id]
    _trail(tx, before, after, wanted["reason"])
    cause, _ = outbox.emit(
        tx, [events.supplier_merged(survivor_id, after["merged_ids"]), events.supplier_changed(after)]
    )
    touched = {category_id for supplier_id, category_id in keys if supplier_id != survivor_id}
    rescore(tx, {(survivor_id, category_id): [cause] for category_id in touched}, {}, by.now)
    return views.shown(after, by.actor)


def _refuse_archived(survivor: Mapping[str, Any], absorbed: Iterable[Mapping[str, Any]]) -> None:
    if survivor["status"] == ARCHIVED and any(each["status"] != ARCHIVED for each in absorbed):
        raise Conflict("The survivor is archived, and others are not: name one of them, or make it active.")


def _parties(tx: Transaction, survivor_id: UUID, absorbed_ids: Sequence[UUID]) -> tuple[UUID, list[UUID]]:
    """Return who is merged, by present ids, and hold all of them."""
    meant = repository.merging.survivors(tx, [survivor_id, *absorbed_ids])
    survivor_id = meant.get(survivor_id, survivor_id)
    present = [meant.get(each, each) for each in absorbed_ids]
    if survivor_id in present:
        raise Conflict("A supplier cannot absorb itself: some of these ids mean the supplier of the address.")
    if len(set(present)) != len(present):
        raise Conflict("Some of these ids mean the same supplier: they were merged before.")
    held = repository.merging.lock_suppliers(tx, {survivor_id, *present})
    if survivor_id not in held:
        raise NotFound("There is no such supplier.")
    missing = [i for i, each in enumerate(present) if each not in held]
    if missing:
        raise Invalid({f"/absorbed_ids/{i}": "There is no such supplier." for i in missing})
    return survivor_id, present


def _trail(
    tx: Transaction, before: Mapping[UUID, Mapping[str, Any]], after: Mapping[str, Any], reason: str
) -> None:
    """Keep the whole of what was absorbed, and what is different of the survivor."""
    survivor_id = after["supplier_id"]
    records = {each: schemas.recorded(before[each]) for each in sorted(before)}
    was, becomes = records.pop(survivor_id), {**schemas.recorded(after), "reason": reason}
    writes = [
        trail.Write(each, {**record, "reason": reason}, None, into=survivor_id)
        for each, record in records.items()
    ]
    changed = trail.Write(survivor_id, was, becomes, action="absorbed")
    trail.wrote_all(tx, "supplier", [*writes, changed], schema=schemas.WholeRecord)


def present_merges(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of merges, by subject."""
    rows = repository.merging.merges_after(tx, UUID(after) if after else None, limit)
    return [events.supplier_merged(row.supplier_id, row.absorbed_ids) for row in rows]
