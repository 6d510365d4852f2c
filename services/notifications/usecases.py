"""Load -> decide -> save. (What sends the mails is in `sending`.)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import changes, ids, trail
from chassis.changes import Change
from chassis.errors import PreconditionFailed, found
from chassis.events import newest
from chassis.metrics import Gauge
from services.notifications import domain, merging, repository, schemas
from services.notifications.events import NOTICE_KINDS
from services.notifications.rules import MATRIX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received
    from chassis.http import Expectation
    from services.notifications.domain import Occasion


def project_suppliers(tx: Transaction, batch: Sequence[Received], now: datetime) -> None:
    """Keep what notices need to know of suppliers, and make the notices that waited for it."""
    states = merging.take_in(tx, batch)
    arrived = {event.data["supplier_id"]: event for event in newest(states)}
    repository.lock_parents(tx, arrived, [])
    newer = repository.save_suppliers(tx, [_supplier_row(event) for event in arrived.values()])
    waiting = repository.lock_open_of_suppliers(tx, newer)
    contacts = {row["id"]: row for key in sorted(newer) for row in _contact_rows(arrived[key])}
    repository.save_contacts(tx, newer, list(contacts.values()))
    _make_notices(tx, waiting, now)


def _supplier_row(event: Received) -> dict[str, Any]:
    contacts = [
        {name: contact[name] for name in ("contact_id", "role")} for contact in event.data["contacts"]
    ]
    wanted = {name: event.data[name] for name in ("supplier_id", "legal_name", "contracts")}
    return {**wanted, "version": event.version, "contacts": contacts}


def _contact_rows(event: Received) -> list[dict[str, Any]]:
    return [
        {
            "kind": "supplier_contact",
            "id": str(contact["contact_id"]),
            "name": contact["name"],
            "email": domain.usable_address(contact["email"]),
            "language": domain.language_of(contact["language"]),
            "supplier_id": event.data["supplier_id"],
        }
        for contact in event.data["contacts"]
    ]


def project_categories(tx: Transaction, batch: Sequence[Received], now: datetime) -> None:
    """Keep the categories' names, and make the notices that waited for them."""
    arrived = {event.data["category_id"]: event for event in newest(batch)}
    rows = [{**event.data, "version": event.version} for event in arrived.values()]
    repository.lock_parents(tx, [], arrived)
    repository.save_categories(tx, rows)
    _make_notices(tx, repository.lock_open_of_categories(tx, arrived), now)


def take_note(tx: Transaction, batch: Sequence[Received], now: datetime) -> None:
    """Make the notices that events call for; those that repeat or report the past call for none."""
    batch = merging.at_survivors(tx, batch)
    rows = [_occasion_row(event) for event in batch if not event.quiet]
    worth = [row for row in rows if domain.is_worth_noticing(row["kind"], row["facts"])]
    suppliers = {row["supplier_id"] for row in worth}
    repository.lock_parents(tx, suppliers, {row["category_id"] for row in worth})
    repository.add_occasions(tx, worth)
    _make_notices(tx, repository.lock_open_of_suppliers(tx, suppliers), now)


def _occasion_row(event: Received) -> dict[str, Any]:
    return {
        "event_id": event.id,
        "kind": NOTICE_KINDS[event.type],
        "supplier_id": event.data["supplier_id"],
        "category_id": event.data["category_id"],
        "facts": event.data,
        "correlation_id": event.correlation_id,
        "occurred_at": event.time,
    }


def _make_notices(tx: Transaction, occasions: Sequence[Occasion], now: datetime) -> None:
    """Give everybody who must hear of them a notice; who is not known yet gets it later, by this code."""
    heard = [
        (occasion, *domain.audience(occasion, supplier, MATRIX[occasion.kind]))
        for occasion, supplier in repository.arrived(tx, occasions)
    ]
    made = [_notice_row(who, each, now) for each, people, _ in heard for who in people]
    repository.add_notices(tx, made)
    changes.note(tx, [Change("notice", row["notice_id"], "created") for row in made])
    repository.settle(tx, [occasion for occasion, _, everybody in heard if everybody])
    tx.wake("mail")


def _notice_row(recipient: domain.Recipient, occasion: Occasion, now: datetime) -> dict[str, Any]:
    return {
        "notice_id": ids.uuid7(),
        "event_id": occasion.event_id,
        "recipient_kind": recipient.kind,
        "recipient_id": recipient.id,
        "made_at": now,
    }


def save_recipient(
    tx: Transaction, kind: str, recipient_id: str, wanted: dict[str, Any], expects: Expectation
) -> dict[str, Any]:
    """Write where a region, the office or an auditor is reached; what waited for the address goes out."""
    before = repository.recipient(tx, kind, recipient_id)
    known = before["version"] if before else None
    expects.check(known)
    row = {"kind": kind, "id": recipient_id, **wanted}
    if before == {**row, "version": known}:
        return before
    if not repository.save_recipient(tx, row, known):
        raise PreconditionFailed
    tx.wake("mail")
    after = get_recipient(tx, kind, recipient_id)
    trail.wrote(tx, "recipient", f"{kind}/{recipient_id}", before, after, schema=schemas.RecipientView)
    return after


def forget_recipient(tx: Transaction, kind: str, recipient_id: str, expects: Expectation) -> None:
    """Take a recipient's address away; notices to it wait for another."""
    before = get_recipient(tx, kind, recipient_id)
    expects.check(before["version"])
    if not repository.forget_recipient(tx, kind, recipient_id, before["version"]):
        raise PreconditionFailed
    trail.wrote(tx, "recipient", f"{kind}/{recipient_id}", before, None, schema=schemas.RecipientView)


def get_recipient(tx: Transaction, kind: str, recipient_id: str) -> dict[str, Any]:
    """Return where somebody is reached."""
    return found(repository.recipient(tx, kind, recipient_id), "recipient")


def list_recipients(tx: Transaction, query: dict[str, Any]) -> dict[str, Any]:
    """Return a page of those who have been written over the API."""
    return repository.recipients(tx, query)


def list_notices(tx: Transaction, query: dict[str, Any]) -> dict[str, Any]:
    """Return a page of notices."""
    return repository.notices(tx, merging.by_survivor(tx, query))


def get_notice(tx: Transaction, notice_id: UUID) -> dict[str, Any]:
    """Return a notice with every recorded attempt."""
    return found(repository.notice(tx, notice_id), "notice")


def gauges(tx: Transaction) -> list[Gauge]:
    """Return mails by state, and the events that still lack somebody to tell."""
    counts = repository.counts(tx)
    held = "Events whose supplier, category or recipient has not arrived."
    mails = [Gauge("mail", "Mail by state.", {"state": name}, counts.get(name, 0)) for name in schemas.STATES]
    return [*mails, Gauge("notices_held", held, {}, counts["open"])]
