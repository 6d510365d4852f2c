"""Suppliers that were merged: what is kept of one moves to the survivor, and so does what comes later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import changes
from chassis.changes import Change
from chassis.events import newest
from services.audits import repository
from services.audits.domain.case import CaseKey
from services.audits.events import SupplierMerged
from services.audits.repository import merging as kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received


def take_in(tx: Transaction, batch: Sequence[Received]) -> list[Received]:
    """Take in merges, and return the states of suppliers that are none of an absorbed one."""
    merges = newest(event for event in batch if event.type == SupplierMerged.type)
    if merges:
        _move(tx, merges)
    return of_survivors(tx, [event for event in batch if event.type != SupplierMerged.type])


def of_survivors(tx: Transaction, batch: Sequence[Received]) -> list[Received]:
    """Return the events that are of no absorbed supplier; no merge until the transaction ends.

    Asked before any other lock is taken. A state that was told of an absorbed supplier is of the past: the
    survivor's own, told when they were merged or after, holds all of it.
    """
    meant = kept.survivors(tx, {event.data["supplier_id"] for event in batch}, hold=True)
    return [event for event in batch if event.data["supplier_id"] not in meant]


def _move(tx: Transaction, merges: Sequence[Received]) -> None:
    kept.save_merged(tx, [{"version": event.version, **event.data} for event in merges])
    absorbed = {each for event in merges for each in event.data["absorbed_ids"]}
    moved = kept.move(tx, kept.survivors(tx, absorbed))
    keys = [CaseKey(row.supplier_id, row.category_id) for row in moved]
    owners = repository.owners_of_cases(tx, keys)
    told = [Change("audit", row.id, owners=owners[key]) for row, key in zip(moved, keys, strict=True)]
    changes.note(tx, told)


def share(tx: Transaction) -> None:
    """Let nobody merge until the transaction ends; before any other lock."""
    kept.share(tx)


def survivor_of(tx: Transaction, supplier_id: UUID) -> UUID:
    """Return the supplier that an id means: itself, unless it was absorbed by another."""
    return kept.survivors(tx, [supplier_id]).get(supplier_id, supplier_id)


def by_survivor(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a list's query with the supplier that its filter means."""
    asked = query["supplier_id"]
    return {**query, "supplier_id": survivor_of(tx, asked) if asked else None}
