"""Production sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from chassis.db import Transaction

queries: Any = sql.load(__file__, planned=("insert_sites",))


def site(tx: Transaction, supplier_id: UUID, site_id: UUID) -> dict[str, Any] | None:
    """Return one of a supplier's sites."""
    found = (row._asdict() for row in queries.sites(tx, supplier_id=supplier_id))
    return next((each for each in found if each["site_id"] == site_id), None)


def add_sites(
    tx: Transaction, supplier_id: UUID, new: Sequence[Mapping[str, Any]], region: str | None
) -> list[UUID]:
    """Keep new sites of a supplier and return their ids; `region`: that of the caller, if any."""
    rows = [{**each, "site_id": uuid7(), "supplier_id": supplier_id, "registered_by": region} for each in new]
    if rows:
        tx.later(queries.insert_sites, rows=sql.rows(rows))
    return [row["site_id"] for row in rows]


def change_site(tx: Transaction, site_id: UUID, new: Mapping[str, Any]) -> None:
    """Write a site of a supplier that this transaction holds."""
    tx.later(queries.update_sites, rows=sql.rows([{**new, "site_id": site_id}]))


def remove_site(tx: Transaction, site_id: UUID) -> None:
    """Take a site away."""
    tx.later(queries.delete_site, site_id=site_id)
