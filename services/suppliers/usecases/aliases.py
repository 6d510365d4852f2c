"""Which supplier an id means: some mean another one since two were merged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.suppliers import repository

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received


def survivor_of(tx: Transaction, supplier_id: UUID) -> UUID:
    """Return the supplier that an id means: itself, unless it was absorbed by another."""
    return repository.merging.survivors(tx, [supplier_id]).get(supplier_id, supplier_id)


def at_survivors(tx: Transaction, batch: Sequence[Received]) -> list[Received]:
    """Return events with the ids of the suppliers that theirs mean; no merge until the transaction ends.

    Asked before any other lock is taken. `told_of` in the data is the id that the event was told of: its
    version counts among that one's.
    """
    asked = {event.data["supplier_id"] for event in batch}
    meant = repository.merging.survivors(tx, asked, hold=True)
    return [
        replace(event, data={**event.data, "supplier_id": meant[told_of], "told_of": told_of})
        if (told_of := event.data["supplier_id"]) in meant
        else event
        for event in batch
    ]


def share(tx: Transaction) -> None:
    """Let nobody merge until the transaction ends: before any other lock is taken."""
    repository.merging.share_aliases(tx)


def hold(tx: Transaction) -> None:
    """Be the only merge until the transaction ends: before any other lock is taken."""
    repository.merging.hold_aliases(tx)
