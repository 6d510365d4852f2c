"""The running service over real HTTP and a real broker."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from chassis import outbox
from chassis.db import connect
from chassis.events import Event
from chassis.ids import uuid7
from services.suppliers.events import SupplierRiskRescored
from tests.asking import ask
from tests.audits.steps import RISK
from tests.backbone import wait_until

AUDITOR = {"name": "Examinator", "kinds": ["office", "factory"], "languages": ["sv"], "weekly_capacity": 5}
TOLD_TOO = {
    "previous_score": None,
    "previous_band": None,
    "residual": [66.4, None, None, None],
    "no_data_areas": [],
    "rule_set": "2026-1",
    "causes": [],
    "changed": False,
}


@pytest.fixture(scope="module")
def audits(platform: Any) -> Any:
    """The platform with an auditor."""
    assert platform.send("PUT", "audits", f"/auditors/{uuid7()}", AUDITOR).status_code == 201
    return platform


def rescore(platform: Any, **facts: Any) -> str:
    """Let suppliers tell of a new risk of a new supplier, in its own outbox; return the supplier."""
    supplier_id = str(uuid7())
    data = {**RISK, **TOLD_TOO, "supplier_id": supplier_id, "category_id": "gloves", **facts}
    event = Event(schema=SupplierRiskRescored, subject=f"{supplier_id}/gloves", data=data)
    with closing(connect(platform.env["suppliers"]["DATABASE_URL"])) as tx:
        outbox.emit(tx, [event])
        tx.commit()
    return supplier_id


def decided(platform: Any, supplier_id: str) -> Any:
    """Return the supplier's one case once it has been decided."""
    items = wait_until(lambda: platform.get("audits", "/cases", supplier_id=supplier_id)["items"])
    assert len(items) == 1
    return items[0]


def test_a_rescored_risk_becomes_a_confirmed_audit(audits: Any) -> None:
    supplier_id = rescore(audits)
    decision = decided(audits, supplier_id)["decision"]
    assert (decision["row"], decision["outcome"], decision["effect"]) == (7, "office_audit", "opened")
    (audit,) = audits.get("audits", "/audits", supplier_id=supplier_id, state="confirmed")["items"]
    assert audit == audits.get("audits", f"/audits/{decision['audit_id']}")
    assert (audit["causes"], audit["auditor_id"] is None) == (decision["events"], False)
    case = audits.get("audits", f"/cases/{supplier_id}/gloves")
    assert (case["score"], case["decisions"]) == (66.4, [decision])


def test_a_confirmed_audit_is_cancelled_once_and_not_confirmed_again(audits: Any) -> None:
    audit_id = decided(audits, rescore(audits))["decision"]["audit_id"]
    assert audits.send("POST", "audits", f"/audits/{audit_id}/confirmation", {}).status_code == 409
    path = f"/audits/{audit_id}/cancellation"
    assert audits.send("POST", "audits", path, {"reason": ""}).json()["errors"][0]["pointer"] == "/reason"
    cancelled = audits.send("POST", "audits", path, {"reason": "The supplier is bankrupt."})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    again = audits.send("POST", "audits", path, {"reason": "Again."})
    assert (again.status_code, again.headers["Content-Type"]) == (409, "application/problem+json")
    assert again.json()["detail"] == "cannot cancel an audit that is cancelled; allowed: nothing more."


def test_a_case_that_waits_for_a_person_has_no_audit(audits: Any) -> None:
    case = decided(audits, rescore(audits, severe_open=1))
    decision = case["decision"]
    assert (decision["row"], decision["outcome"], decision["audit_id"]) == (1, "person_decides", None)
    assert audits.get("audits", "/audits", supplier_id=case["supplier_id"])["items"] == []


def test_a_wrong_auditor_is_refused_with_every_fault(audits: Any) -> None:
    wrong = {"name": "", "kinds": ["desk"], "languages": ["sv"], "weekly_capacity": -1}
    answer = audits.send("PUT", "audits", f"/auditors/{uuid7()}", wrong)
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert (answer.status_code, pointers) == (422, ["/kinds/0", "/name", "/weekly_capacity"])


def test_what_is_not_there_is_404(audits: Any) -> None:
    for path in (f"/audits/{uuid7()}", f"/cases/{uuid7()}/gloves"):
        assert ask("GET", audits.url("audits", path)).status_code == 404


def test_audits_are_counted_by_state(audits: Any) -> None:
    rescored = decided(audits, rescore(audits))
    assert rescored["decision"]["audit_id"]
    metrics = audits.ops("audits", "/metrics").text
    assert 'audits{state="confirmed"}' in metrics
    assert "audits_overdue" in metrics
