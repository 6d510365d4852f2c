"""Mails on their way out, and what is recorded of them."""

from __future__ import annotations

from uuid import uuid4

from chassis import clock
from chassis.db import Database
from services.notifications import sending, usecases
from tests.notifications import examples
from tests.notifications.steps import category, contact, invited, notices, supplier

TABLES = ("attempt", "notice", "recipient", "occasion", "category", "supplier")


def settings(port: int) -> dict[str, str]:
    return {**examples.SETTINGS, "SMTP_URL": f"smtp://127.0.0.1:{port}"}


def queue(db: Database, count: int = 1, **fields: object) -> list[object]:
    """Queue invitations, each to a contact of its own; return their notices in order."""
    supplier_id = uuid4()
    people = [contact(f"person{number}@leverantor.example", **fields) for number in range(count)]
    with db.transaction() as tx:
        usecases.project_categories(tx, [category()], clock.now())
        usecases.project_suppliers(tx, [supplier(supplier_id, *people)], clock.now())
        invitations = [invited(supplier_id, each["contact_id"]) for each in people]
        usecases.take_note(tx, invitations, clock.now())
        return [row.notice_id for row in notices(tx, supplier_id=supplier_id)]


def send(db: Database, port: int) -> None:
    """Send whatever is due, as the loop does."""
    sending.send_due_mail(db.transaction, settings(port))


def seen(db: Database, notice_id: object) -> dict[str, object]:
    with db.transaction() as tx:
        return usecases.get_notice(tx, notice_id)


def tries(db: Database, notice_id: object) -> list[tuple[int, str, int | None, str]]:
    return [(each.number, each.outcome, each.smtp_code, each.reply) for each in seen(db, notice_id)["tries"]]
