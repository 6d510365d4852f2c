"""Launching a campaign: which of its cases cannot be invited, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

Key = tuple[UUID, str]  # supplier, category


@dataclass(frozen=True)
class Supplier:
    """What is known here of a supplier: whom to ask, and the categories that it has contracts in."""

    supplier_id: UUID
    contact_id: UUID | None
    category_ids: frozenset[str]


def refusals(
    cases: Sequence[Key], suppliers: Mapping[UUID, Supplier], taken: Collection[Key]
) -> dict[str, str]:
    """Return why the cases cannot all be invited, by JSON pointer; `taken`: already assessed that year."""
    found: dict[str, str] = {}
    first: dict[Key, int] = {}
    for place, key in enumerate(cases):
        at = f"/cases/{place}"
        found.update((at + pointer, reason) for pointer, reason in _supplier_refusals(key, suppliers))
        if key in taken:
            found[at] = "already has an assessment that year"
        if key in first:
            found[at] = f"the same case as /cases/{first[key]}"
        first.setdefault(key, place)
    return found


def _supplier_refusals(key: Key, suppliers: Mapping[UUID, Supplier]) -> Iterator[tuple[str, str]]:
    supplier_id, category_id = key
    supplier = suppliers.get(supplier_id)
    if supplier is None:
        yield "/supplier_id", "not known here yet"
        return
    if supplier.contact_id is None:
        yield "/supplier_id", "has no contact to invite"
    if category_id not in supplier.category_ids:
        yield "/category_id", "the supplier has no contract in this category"


def late(answer_by: date | None, now: datetime) -> dict[str, str]:
    """Return, by JSON pointer, what is wrong with a last day that has passed."""
    return {"/answer_by": "has passed"} if answer_by and answer_by < now.date() else {}


def last_day(answer_by: date | None, now: datetime, answer_weeks: int) -> date:
    """Return the last (UTC) day to answer: the one asked for, else the usual number of weeks from now."""
    return answer_by or (now + timedelta(weeks=answer_weeks)).date()


def contact_to_ask(contacts: Sequence[tuple[UUID, str | None]], roles: Sequence[str]) -> UUID | None:
    """Return the contact (id, role) whose role comes first in `roles`, else the first one named."""
    order = {role: place for place, role in enumerate(roles)}
    best = min(contacts, key=lambda contact: order.get(contact[1] or "", len(order)), default=None)
    return best[0] if best else None


def regions_by_category(contracts: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the regions that have a contract with a supplier, by category: whose each of its cases is."""
    found: dict[str, set[str]] = {}
    for contract in contracts:
        found.setdefault(contract["category_id"], set()).update(contract["regions"])
    return {category_id: sorted(regions) for category_id, regions in found.items()}
