"""What happens to audits in its tests: risks arrive, auditors are there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.ids import uuid7
from services.audits import schemas, usecases
from services.audits.events import SupplierRiskRescored
from tests.callers import OFFICE, WHATEVER, page_query

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.events import Received

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)  # a Friday; the first office slot is Friday 4 December
SUPPLIER = UUID(int=1)
RISK = {
    "score": 66.4,
    "band": "high",
    "stage": "reviewed",
    "critical_open": 0,
    "severe_open": 0,
    "claim_gap": None,
    "not_cooperating": False,
    "recommendation": None,
    "site_known": True,
    "contract_ends_on": None,
    "as_of": "2026-11-20T08:30:00+00:00",
    "assessed_at": None,
}


def rescored(received: Any, supplier_id: UUID = SUPPLIER, version: int = 1, **facts: Any) -> Received:
    """A supplier_risk_rescored as it arrives: high risk of gloves, but for `facts` (or envelope marks)."""
    marks = {name: facts.pop(name) for name in ("resync", "imported", "correlation_id") if name in facts}
    data = {**RISK, "supplier_id": supplier_id, "category_id": "gloves", **facts}
    envelope = {"subject": f"{supplier_id}/{data['category_id']}", "version": version, **marks}
    event: Received = received(SupplierRiskRescored, data, **envelope)
    return event


def decide(tx: Transaction, *events: Received, confirm_after: int = 5, now: datetime = NOW) -> None:
    """Let audits react to a batch."""
    usecases.decide_after_rescoring(tx, list(events), confirm_after, now)


def hire(tx: Transaction, kinds: tuple[str, ...] = ("office", "factory"), weekly_capacity: int = 2) -> UUID:
    """Make an auditor known."""
    auditor_id = uuid7()
    person = {
        "name": "Examinator",
        "kinds": list(kinds),
        "languages": ["sv"],
        "weekly_capacity": weekly_capacity,
    }
    usecases.put_auditor(tx, auditor_id, person, WHATEVER)
    return auditor_id


def case_of(tx: Transaction, supplier_id: UUID = SUPPLIER) -> dict[str, Any]:
    """Return the case as GET /cases/<supplier>/<category> gives it."""
    return usecases.get_case(tx, usecases.CaseKey(supplier_id, "gloves"))


def audits_of(tx: Transaction, supplier_id: UUID = SUPPLIER) -> list[dict[str, Any]]:
    """Return the supplier's audits as GET /audits gives them."""
    asked = page_query(schemas.AuditQuery, supplier_id=supplier_id)
    items: list[dict[str, Any]] = usecases.list_audits(tx, asked, OFFICE)["items"]
    return items


def final(tx: Transaction, supplier_id: UUID = SUPPLIER) -> tuple[Any, ...]:
    """Return what stands of the case: row, outcome, effect, audit."""
    decision = case_of(tx, supplier_id)["decision"]
    return decision["policy_row"], decision["outcome"], decision["effect"], decision["audit_id"]
