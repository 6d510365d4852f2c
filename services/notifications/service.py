"""What notifications answers, hears and does: a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chassis import clock
from chassis.changes import Resource
from chassis.entrypoints import Settings, every, gauges, http, on_events
from chassis.http import listing
from chassis.resync import Projection
from chassis.service import Service
from services.notifications import events, merging, schemas, sending, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.entrypoints import Loop
    from chassis.events import Received
    from chassis.http import Call
    from chassis.metrics import Gauge

_RECIPIENT = "/recipients/<any(region, national_office, auditor):kind>/<recipient_id>"


class NotificationsService(Service):
    """Who must hear of what, and the mails that tell them."""

    name = "notifications"
    settings = Settings(schemas.Settings)
    aliases: ClassVar = {"supplier_id": merging.survivor_of}
    resources: ClassVar = {
        "notice": Resource("notices:read"),
        "recipient": Resource("recipients:read"),
    }
    keeps = (
        Projection("suppliers", "supplier", ("supplier_id",)),
        Projection("suppliers", "merged", ("supplier_id",)),
        Projection("suppliers", "category", ("category_id",)),
    )

    @on_events(
        "suppliers",
        events.SupplierRegistered,
        events.SupplierChanged,
        events.SupplierMerged,
        queue="notifications.suppliers",
    )
    def project_suppliers(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.project_suppliers(tx, batch, clock.now())

    @on_events("suppliers", events.CategoryChanged, queue="notifications.categories")
    def project_categories(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.project_categories(tx, batch, clock.now())

    @on_events("suppliers", events.SupplierRiskRescored, queue="notifications.risk")
    def note_risk(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.take_note(tx, batch, clock.now())

    @on_events(
        "assessments", events.AssessmentInvited, events.AssessmentCompleted, queue="notifications.assessments"
    )
    def note_assessments(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.take_note(tx, batch, clock.now())

    @on_events("audits", events.AuditConfirmed, events.AuditCancelled, queue="notifications.audits")
    def note_audits(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.take_note(tx, batch, clock.now())

    @every(seconds=1, wake="mail")
    def send_due_mail(self, begin: Loop) -> None:
        sending.send_due_mail(begin, self.settings, begin.leaving)

    @http(
        "PUT",
        _RECIPIENT,
        scope="recipients:write",
        path=schemas.RecipientPath,
        body=schemas.NewRecipient,
        returns=schemas.RecipientView,
        creates=True,
        versioned=True,
    )
    def put_recipient(self, tx: Transaction, call: Call, kind: str, recipient_id: str) -> Any:
        """Write where a region, the national office or an auditor is reached."""
        return usecases.save_recipient(tx, kind, recipient_id, call.body, call.expects)

    @http("GET", _RECIPIENT, scope="recipients:read", returns=schemas.RecipientView, versioned=True)
    def get_recipient(self, tx: Transaction, call: Call, kind: str, recipient_id: str) -> Any:
        """Read where somebody is reached."""
        return usecases.get_recipient(tx, kind, recipient_id)

    @http("DELETE", _RECIPIENT, scope="recipients:write", versioned=True)
    def delete_recipient(self, tx: Transaction, call: Call, kind: str, recipient_id: str) -> None:
        """Take an address away; notices to it wait for another."""
        usecases.forget_recipient(tx, kind, recipient_id, call.expects)

    @http(
        "GET",
        "/recipients",
        scope="recipients:read",
        query=schemas.RecipientQuery,
        returns=listing(schemas.RecipientView),
    )
    def list_recipients(self, tx: Transaction, call: Call) -> Any:
        """List where regions, office and auditors are reached."""
        return usecases.list_recipients(tx, call.query)

    @http(
        "GET",
        "/notices",
        scope="notices:read",
        query=schemas.NoticeQuery,
        returns=listing(schemas.NoticeView),
    )
    def list_notices(self, tx: Transaction, call: Call) -> Any:
        """List who was told what, and how far it has come."""
        return usecases.list_notices(tx, call.query)

    @http("GET", "/notices/<uuid:notice_id>", scope="notices:read", returns=schemas.NoticeDetails)
    def get_notice(self, tx: Transaction, call: Call, notice_id: UUID) -> Any:
        """Read a notice with every try to mail it."""
        return usecases.get_notice(tx, notice_id)

    @gauges
    def business_gauges(self, tx: Transaction) -> list[Gauge]:
        return usecases.gauges(tx)
