"""Proposals of cases to follow up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from services.suppliers.schemas.follow_ups import FollowUpQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from chassis.access import Owners
    from chassis.db import Transaction

queries: Any = sql.load(__file__)

_CHANGED = ("state", "selected", "confirmed_at", "confirmed_by")
_CHANGED_DOCUMENTS = ("proposed", "added", "removed", "added_cases")


def add(tx: Transaction, row: Mapping[str, Any]) -> bool:
    """Keep a new proposal; tell whether there was none of its category and year."""
    return bool(queries.add_follow_up(tx, row=sql.document(row)))


def follow_up(tx: Transaction, follow_up_id: UUID) -> dict[str, Any] | None:
    """Return a proposal as it is kept."""
    row = queries.follow_up(tx, follow_up_id=follow_up_id)
    return row._asdict() if row else None


def lock(tx: Transaction, follow_up_id: UUID) -> dict[str, Any] | None:
    """Return a proposal, held until the transaction ends."""
    row = queries.lock_follow_up(tx, follow_up_id=follow_up_id)
    return row._asdict() if row else None


def change(tx: Transaction, after: Mapping[str, Any]) -> None:
    """Write what a person has made of a proposal that this transaction holds."""
    queries.change_follow_up(
        tx,
        follow_up_id=after["follow_up_id"],
        **{name: after[name] for name in _CHANGED},
        **{name: sql.document(after[name]) for name in _CHANGED_DOCUMENTS},
    )


def delete(tx: Transaction, follow_up_id: UUID) -> None:
    """Withdraw a proposal that this transaction holds."""
    queries.delete_follow_up(tx, follow_up_id=follow_up_id)


def owners(tx: Transaction, follow_up_id: UUID) -> Owners | None:
    """Return whose a proposal is: its category's area's; None if there is no such proposal."""
    row = queries.owners_of_follow_up(tx, follow_up_id=follow_up_id)
    return owners_by(row.effective_area) if row else None


def owners_by(area: str | None) -> Owners:
    """Return whose a proposal is whose category belongs to an area; None: the office's alone."""
    return {"region": (), "area": [area] if area else []}


def follow_ups(
    tx: Transaction, query: Mapping[str, Any], area: str | None, shown: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """Return a page of proposals, as `shown` makes them of what is kept."""
    filters = {name: query[name] for name in ("category_id", "year", "state")}
    return paging.fetch(tx, queries.follow_ups, query, FollowUpQuery, shown=shown, area=area, **filters)
