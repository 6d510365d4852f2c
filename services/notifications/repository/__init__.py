"""Rows <-> domain objects: the only reader of queries.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from services.notifications import schemas
from services.notifications.domain import OFFICE, Mail, Occasion, Supplier, Tried

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from chassis.db import Transaction

queries: Any = sql.load(__file__, planned=("begin_attempts", "lock_notices", "record_tries"))


def lock_parents(tx: Transaction, suppliers: Collection[UUID], categories: Collection[str]) -> None:
    """Hold these suppliers and categories until the end of the transaction; unknown ones become stubs."""
    queries.add_suppliers(tx, suppliers=list(suppliers))
    list(queries.lock_suppliers(tx, suppliers=list(suppliers)))
    queries.add_categories(tx, categories=list(categories))
    list(queries.lock_categories(tx, categories=list(categories)))


def save_suppliers(tx: Transaction, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Upsert the projection; return the suppliers whose row was newer."""
    return {row.supplier_id for row in list(queries.save_suppliers(tx, rows=sql.rows(rows)))}


def save_contacts(tx: Transaction, suppliers: Collection[UUID], contacts: Sequence[dict[str, Any]]) -> None:
    """Make these the suppliers' only contacts, and let notices wait or go by whether they have an address."""
    named = [contact["id"] for contact in contacts]
    queries.save_recipients(tx, rows=sql.rows(contacts))
    queries.forget_contacts(tx, suppliers=list(suppliers), contacts=named)
    queries.sort_waiting_of_suppliers(tx, suppliers=list(suppliers))


def save_categories(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Upsert the projection where the row is newer."""
    queries.save_categories(tx, rows=sql.rows(rows))


def add_occasions(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Insert occasions, open."""
    queries.add_occasions(tx, rows=sql.rows(rows))


def lock_open_of_suppliers(tx: Transaction, suppliers: Collection[UUID]) -> list[Occasion]:
    """Return the suppliers' open occasions, held until the end of the transaction."""
    return [Occasion(*row) for row in queries.lock_open_of_suppliers(tx, suppliers=list(suppliers))]


def lock_open_of_categories(tx: Transaction, categories: Collection[str]) -> list[Occasion]:
    """Return the categories' open occasions, held until the end of the transaction."""
    return [Occasion(*row) for row in queries.lock_open_of_categories(tx, categories=list(categories))]


def arrived(tx: Transaction, occasions: Sequence[Occasion]) -> list[tuple[Occasion, Supplier]]:
    """Return those whose supplier and category have arrived, with the supplier."""
    categories = sorted({occasion.category_id for occasion in occasions})
    known = {row.category_id for row in queries.arrived_categories(tx, categories=categories)}
    suppliers = _suppliers(tx, sorted({occasion.supplier_id for occasion in occasions}))
    return [
        (occasion, suppliers[occasion.supplier_id])
        for occasion in occasions
        if occasion.supplier_id in suppliers and occasion.category_id in known
    ]


def _suppliers(tx: Transaction, suppliers: list[UUID]) -> dict[UUID, Supplier]:
    return {row.supplier_id: _supplier(row) for row in queries.arrived_suppliers(tx, suppliers=suppliers)}


def _supplier(row: Any) -> Supplier:
    regions: dict[str, set[str]] = {}
    for contract in row.contracts:
        regions.setdefault(contract["category_id"], set()).update(contract["regions"])
    return Supplier(
        contacts=tuple((contact["contact_id"], contact["role"]) for contact in row.contacts),
        regions={category: tuple(sorted(codes)) for category, codes in regions.items()},
    )


def add_notices(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Insert notices that do not exist yet; those without an address wait for it."""
    notices = sql.rows(rows)
    queries.add_recipients(tx, rows=notices)
    list(queries.lock_recipients(tx, rows=notices))
    queries.add_notices(tx, rows=notices)


def settle(tx: Transaction, occasions: Sequence[Occasion]) -> None:
    """Look at these no more."""
    queries.settle_occasions(tx, events=[occasion.event_id for occasion in occasions])


def save_recipient(tx: Transaction, row: Mapping[str, Any], known: int | None) -> bool:
    """Write a recipient, new or of the known version, and queue what waited for its address.

    Tells whether nobody was faster.
    """
    written = queries.save_recipient(tx, **row, known=known)
    queries.queue_waiting_of_recipient(tx, kind=row["kind"], id=row["id"])
    return bool(written)


def forget_recipient(tx: Transaction, kind: str, recipient_id: str, known: int) -> bool:
    """Take the known address away; what was queued for it waits. Tells whether nobody was faster."""
    forgotten = queries.forget_recipient(tx, kind=kind, id=recipient_id, known=known)
    queries.stop_mail_of_recipient(tx, kind=kind, id=recipient_id)
    return bool(forgotten)


def claim(tx: Transaction, now: datetime, until: datetime, limit: int) -> list[Mail]:
    """Take up to `limit` due mails; nobody else takes them before `until`."""
    claimed = [row.notice_id for row in queries.claim_due(tx, now=now, until=until, limit=limit)]
    return [Mail(**row._asdict()) for row in queries.load_mails(tx, notices=claimed, office=OFFICE)]


def lock_notices(tx: Transaction, notices: Collection[UUID]) -> None:
    """Hold these until the end of the transaction, from the next statement on."""
    if len(notices) > 1:
        tx.later(queries.lock_notices, notices=sql.array(notices))


def begin_attempts(
    tx: Transaction, mails: Sequence[tuple[Mail, Sequence[datetime]]], until: datetime
) -> set[UUID]:
    """Begin tries that nobody else may repeat before `until`; return the notices of which we were the first.

    With each mail come the `until`s of those times that we began it without hearing whether it was committed.
    """
    if not mails:
        return set()
    rows = [{"notice_id": mail.notice_id, "number": mail.attempt, "begun": begun} for mail, begun in mails]
    return {row.notice_id for row in list(queries.begin_attempts(tx, rows=sql.rows(rows), until=until))}


def record(tx: Transaction, tries: Sequence[Tried]) -> None:
    """Keep how tries ended, and what that means for their notices; it goes with the next statement."""
    if tries:
        tx.later(queries.record_tries, rows=sql.rows([_row(tried) for tried in tries]))


def _row(tried: Tried) -> dict[str, Any]:
    mail, reply = tried.mail, tried.reply
    return {
        "notice_id": mail.notice_id,
        "number": mail.attempt,
        "at": reply.at,
        "outcome": reply.outcome,
        "smtp_code": reply.code,
        "reply": reply.text,
        "due_at": tried.due_at,
    }


def recipients(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of those who were written over the API."""
    return paging.fetch(tx, queries.recipients, query, schemas.RecipientQuery, kind=query["kind"], id=None)


def recipient(tx: Transaction, kind: str, recipient_id: str) -> dict[str, Any] | None:
    """Return one of them."""
    return next((row._asdict() for row in queries.recipients(tx, kind=kind, id=recipient_id)), None)


def notices(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of notices."""
    filters = {name: query[name] for name in ("supplier_id", "kind", "state")}
    return paging.fetch(tx, queries.list_notices, query, schemas.NoticeQuery, **filters)


def notice(tx: Transaction, notice_id: UUID) -> dict[str, Any] | None:
    """Return a notice with `tries`, its recorded attempts."""
    row = queries.get_notice(tx, notice_id=notice_id)
    return {**row._asdict(), "tries": list(queries.attempts_of(tx, notice_id=notice_id))} if row else None


def counts(tx: Transaction) -> dict[str, int]:
    """Return the number of notices by state, and of `open` occasions."""
    return {row.state: row.count for row in queries.counts(tx)}
