"""What notifications answers, hears and does: a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import clock
from chassis.entrypoints import Settings, every, gauges, http, on_events
from chassis.resync import Projection
from services.notifications import events, schemas, sending, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received
    from chassis.http import Call
    from chassis.metrics import Gauge


class NotificationsService:
    """Who must hear of what, and the mails that tell them."""

    name = "notifications"
    settings = Settings(schemas.Settings)
    keeps = (
        Projection("suppliers", "supplier", ("supplier_id",)),
        Projection("suppliers", "category", ("category_id",)),
    )

    @on_events(
        "suppliers", events.SupplierRegistered, events.SupplierChanged, queue="notifications.suppliers"
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
    def send_due_mail(self, begin: Any) -> bool:
        return sending.send_due_mail(begin, self.settings)

    @http(
        "PUT", "/recipients/<kind>/<recipient_id>", body=schemas.NewRecipient, returns=schemas.RecipientView
    )
    def put_recipient(self, tx: Transaction, call: Call, kind: str, recipient_id: str) -> Any:
        return usecases.save_recipient(tx, kind, recipient_id, call.body)

    @http("GET", "/recipients", returns=schemas.RecipientList)
    def list_recipients(self, tx: Transaction, call: Call) -> Any:
        return usecases.list_recipients(tx)

    @http("GET", "/notices", query=schemas.NoticeQuery, returns=schemas.NoticePage)
    def list_notices(self, tx: Transaction, call: Call) -> Any:
        return usecases.list_notices(tx, call.query)

    @http("GET", "/notices/<uuid:notice_id>", returns=schemas.NoticeDetails)
    def get_notice(self, tx: Transaction, call: Call, notice_id: UUID) -> Any:
        return usecases.get_notice(tx, notice_id)

    @gauges
    def business_gauges(self, tx: Transaction) -> list[Gauge]:
        return usecases.gauges(tx)
