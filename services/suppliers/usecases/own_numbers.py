"""Regions' own numbers of suppliers: one that was given to the wrong supplier is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.errors import NotFound
from services.suppliers import ownership, repository, views
from services.suppliers.usecases import editing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from chassis.db import Transaction
    from services.suppliers.usecases.editing import Writer


def remove_own_number(
    tx: Transaction, supplier_id: UUID, named: Mapping[str, Any], by: Writer
) -> dict[str, Any]:
    """Take a region's own number (`region`, `number`) away, with a `reason`; return the supplier.

    Raises NotFound if the supplier has no such number, Forbidden for another region's.
    """
    before = editing.hold_as_seen(tx, supplier_id, by)
    ownership.require_number(by.actor, named["region"])
    if {name: named[name] for name in ("region", "number")} not in before["own_numbers"]:
        raise NotFound("The supplier has no such number.")
    repository.registry.remove_own_number(tx, named["region"], named["number"])
    after = editing.raise_version(tx, supplier_id)
    editing.tell(tx, before, after, reason=named["reason"], action="own_number_removed")
    return views.shown(after, by.actor)
