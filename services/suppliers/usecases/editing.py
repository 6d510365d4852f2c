"""What every change of a supplier has in common, whichever of its parts is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from chassis import changes, outbox, trail
from chassis.changes import Change
from chassis.errors import Invalid, found
from chassis.http import Expectation
from services.suppliers import events, repository, schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction


# A day of the registry is one on Swedish calendars
_STOCKHOLM = ZoneInfo("Europe/Stockholm")


def today(now: datetime) -> date:
    """Return the day that it is in Sweden."""
    return now.astimezone(_STOCKHOLM).date()


def runs(contract: Mapping[str, Any], on: date) -> bool:
    """Tell whether a contract, of which dates may be ISO texts, has not ended on a day."""
    return contract["ends_on"] is None or str(contract["ends_on"]) >= on.isoformat()


class Writer(NamedTuple):
    """Who writes, when, and what they take for granted of what is there."""

    actor: Identity
    now: datetime
    expects: Expectation = Expectation()


def hold(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    """Lock a supplier until the transaction ends and return it whole; raises NotFound."""
    found(repository.registry.lock_supplier(tx, supplier_id), "supplier")
    return found(repository.registry.supplier(tx, supplier_id), "supplier")


def hold_as_seen(tx: Transaction, supplier_id: UUID, by: Writer) -> dict[str, Any]:
    """Lock a supplier and return it whole, if it is as its writer takes for granted.

    Raises NotFound, PreconditionFailed.
    """
    held = hold(tx, supplier_id)
    by.expects.check(held["version"])
    return held


def raise_version(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    """Note that a part of a supplier, held, is different; return it whole."""
    repository.registry.raise_version(tx, supplier_id)
    return found(repository.registry.supplier(tx, supplier_id), "supplier")


def tell(
    tx: Transaction,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    reason: str | None = None,
    action: str | None = None,
) -> UUID:
    """Emit and note what has become of a supplier, given whole; return the event's id.

    `reason` stands in the trail with what changed; `action` is what the trail calls it.
    """
    [event_id] = outbox.emit(tx, [events.supplier_changed(after)])
    was, record = schemas.recorded(before), schemas.recorded(after)
    if reason:
        record["reason"] = reason
    trail.wrote(tx, "supplier", after["supplier_id"], was, record, schema=schemas.WholeRecord, action=action)
    return event_id


def note_pairs(tx: Transaction, pairs: Iterable[Any]) -> None:
    """Note in the changes what has become of pairs: (duplicate_id, kind).

    They belong to nobody in particular: who may read pairs sees all of them.
    """
    changes.note(tx, [Change("duplicate", pair.duplicate_id, pair.kind) for pair in pairs])


def areas_of(tx: Transaction, named: Mapping[str, str]) -> dict[str, str | None]:
    """Return the area of each category that is named, by pointer; raises Invalid for unknown ones."""
    known = repository.categories.areas_of_categories(tx, named.values()) if named else {}
    faults = {at: "There is no such category." for at, category in named.items() if category not in known}
    if faults:
        raise Invalid(faults)
    return known
