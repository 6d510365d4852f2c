"""What audits answers, hears and does: a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chassis import clock
from chassis.changes import Resource
from chassis.entrypoints import Settings, every, gauges, http, on_events
from chassis.errors import Conflict
from chassis.http import listing
from chassis.resync import Projection
from chassis.service import Service
from services.audits import contracts, events, merging, schemas, usecases
from services.audits.domain.case import CaseKey

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received
    from chassis.http import Call
    from chassis.metrics import Gauge

_AUDIT = "/audits/<uuid:audit_id>"


class AuditsService(Service):
    """The audit policy, the plan, and the audits themselves."""

    name = "audits"
    settings = Settings(schemas.Settings)
    aliases: ClassVar = {"supplier_id": merging.survivor_of}
    resources: ClassVar = {
        "case": Resource("audits:read", owned=True),
        "audit": Resource("audits:read", owned=True),
        "auditor": Resource("auditors:read"),
    }
    keeps = (
        Projection("suppliers", "risk_case", ("supplier_id", "category_id")),
        Projection("suppliers", "supplier", ("supplier_id",)),
        Projection("suppliers", "merged", ("supplier_id",)),
        Projection("suppliers", "category", ("category_id",)),
    )

    @on_events("suppliers", events.SupplierRiskRescored, queue="audits.policy")
    def decide_after_rescoring(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.decide_after_rescoring(tx, batch, self.settings["AUTO_CONFIRM_WORKING_DAYS"], clock.now())

    @on_events(
        "suppliers",
        events.SupplierRegistered,
        events.SupplierChanged,
        events.SupplierMerged,
        queue="audits.suppliers",
    )
    def project_suppliers(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.project_suppliers(tx, batch)

    @on_events("suppliers", events.CategoryChanged, queue="audits.categories")
    def project_categories(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.project_categories(tx, batch)

    @every(seconds=60)
    def confirm_due_audits(self, begin: Any) -> bool:
        return usecases.confirm_due_audits(begin, clock.now())

    @every(seconds=600)
    def follow_up_requests(self, begin: Any) -> bool:
        return usecases.follow_up_requests(begin, self.settings["AUTO_CONFIRM_WORKING_DAYS"], clock.now())

    @every(seconds=60, wake="contracts")
    def follow_up_contracts(self, begin: Any) -> bool:
        return contracts.follow_up(begin, self.settings["AUTO_CONFIRM_WORKING_DAYS"], clock.now())

    @http(
        "PUT",
        "/auditors/<uuid:auditor_id>",
        scope="auditors:write",
        body=schemas.NewAuditor,
        returns=schemas.AuditorView,
        creates=True,
        versioned=True,
    )
    def put_auditor(self, tx: Transaction, call: Call, auditor_id: UUID) -> Any:
        """Create or change an auditor."""
        return usecases.put_auditor(tx, auditor_id, call.body, call.expects)

    @http(
        "GET",
        "/auditors/<uuid:auditor_id>",
        scope="auditors:read",
        returns=schemas.AuditorView,
        versioned=True,
    )
    def get_auditor(self, tx: Transaction, call: Call, auditor_id: UUID) -> Any:
        """Read an auditor."""
        return usecases.get_auditor(tx, auditor_id)

    @http(
        "GET",
        "/auditors",
        scope="auditors:read",
        query=schemas.AuditorQuery,
        returns=listing(schemas.AuditorView),
    )
    def list_auditors(self, tx: Transaction, call: Call) -> Any:
        """List the auditors."""
        return usecases.list_auditors(tx, call.query)

    @http("GET", "/audits", scope="audits:read", query=schemas.AuditQuery, returns=listing(schemas.AuditView))
    def list_audits(self, tx: Transaction, call: Call) -> Any:
        """List audits, as far as they are yours."""
        return usecases.list_audits(tx, call.query, call.actor)

    @http(
        "GET",
        _AUDIT,
        scope="audits:read",
        returns=schemas.AuditView,
        owner=usecases.owners_of_audit,
    )
    def get_audit(self, tx: Transaction, call: Call, audit_id: UUID) -> Any:
        """Read an audit."""
        return usecases.get_audit(tx, audit_id)

    @http(
        "POST",
        f"{_AUDIT}/confirmation",
        scope="audits:decide",
        returns=schemas.AuditView,
        owner=usecases.owners_of_audit,
        raises=(Conflict,),
    )
    def post_confirmation(self, tx: Transaction, call: Call, audit_id: UUID) -> Any:
        """Confirm a provisional audit."""
        return usecases.confirm_audit(tx, audit_id, call.now)

    @http(
        "POST",
        f"{_AUDIT}/cancellation",
        scope="audits:decide",
        body=schemas.Cancellation,
        returns=schemas.AuditView,
        owner=usecases.owners_of_audit,
        raises=(Conflict,),
    )
    def post_cancellation(self, tx: Transaction, call: Call, audit_id: UUID) -> Any:
        """Cancel an audit that has not been held, with the reason."""
        return usecases.cancel_audit(tx, audit_id, call.body["reason"], call.now)

    @http("GET", "/cases", scope="audits:read", query=schemas.CaseQuery, returns=listing(schemas.CaseView))
    def list_cases(self, tx: Transaction, call: Call) -> Any:
        """List cases with what the policy made of their risk, as far as they are yours."""
        return usecases.list_cases(tx, call.query, call.actor)

    @http(
        "GET",
        "/cases/<uuid:supplier_id>/<category_id>",
        scope="audits:read",
        returns=schemas.CaseHistory,
        owner=usecases.owners_of_case,
    )
    def get_case(self, tx: Transaction, call: Call, supplier_id: UUID, category_id: str) -> Any:
        """Read a case with every decision about it."""
        return usecases.get_case(tx, CaseKey(supplier_id, category_id))

    @gauges
    def business_gauges(self, tx: Transaction) -> list[Gauge]:
        return usecases.gauges(tx, clock.now())
