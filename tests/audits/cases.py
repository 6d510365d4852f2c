"""Cases as the tests write them: a risk with a few facts changed, and what happened before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from services.audits.domain.case import Audit, Case, CaseKey, Decision, Measure, Reason, ReportedAudit, Risk
from services.audits.domain.decision import decide
from services.audits.rules import POLICY
from services.audits.working_days import is_workday

KEY = CaseKey(UUID(int=1), "gloves")
AS_OF = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # already Saturday 21 November in Stockholm
DAY = date(2026, 11, 21)
OPEN, OLD, EARLIER = UUID(int=10), UUID(int=11), UUID(int=12)
# 21 November + so many weeks, always a Saturday, moved back to the Friday before
WEEKS_4, WEEKS_8 = date(2026, 12, 18), date(2027, 1, 15)
WEEKS_13, WEEKS_26 = date(2027, 2, 19), date(2027, 5, 21)


def risk(**facts: object) -> Risk:
    """A completed self-assessment of medium risk with nothing alarming; `facts` differ from it."""
    usual = {
        "score": Decimal("45.0"),
        "band": "medium",
        "stage": "reviewed",
        "critical_open": 0,
        "severe_open": 0,
        "claim_gap": None,
        "not_cooperating": False,
        "recommendation": None,
        "site_known": True,
        "contract_ends_on": None,
        "as_of": AS_OF,
        "assessed_at": None,
    }
    return Risk(**(usual | facts))  # type: ignore[arg-type]


def decided(
    measures: tuple[Measure, ...] = (),
    reported: tuple[ReportedAudit, ...] = (),
    open_audit: Audit | None = None,
    **facts: object,
) -> Decision:
    """Decide a case of such a risk with such a past."""
    case = Case(key=KEY, risk=risk(**facts), open_audit=open_audit, measures=measures, reported=reported)
    return decide(case, POLICY, is_workday)


def audit(**changes: object) -> Audit:
    """An open office audit that row 7 caused at score 65."""
    usual = {
        "audit_id": OPEN,
        "supplier_id": KEY.supplier_id,
        "category_id": KEY.category_id,
        "kind": "office",
        "state": "provisional",
        "starts_on": date(2027, 1, 11),
        "due_on": date(2027, 3, 1),
        "auditor_id": UUID(int=20),
        "announced": True,
        "policy_row": 7,
        "rule": "2026.1/7",
        "reasons": (Reason("high_risk"), Reason("first_free_slot")),
        "causes": (UUID(int=30),),
        "score": Decimal("65.0"),
        "confirm_on": date(2026, 11, 27),
        "correlation_id": "c",
        "created_at": AS_OF,
    }
    return Audit(**(usual | changes))  # type: ignore[arg-type]


def measure(row: int, outcome: str, **changes: object) -> Measure:
    """What a row led to, open unless it says otherwise."""
    usual = {"decision_id": EARLIER, "row": row, "outcome": outcome, "due_on": date(2027, 2, 1)}
    return Measure(**(usual | changes))  # type: ignore[arg-type]


def reported(kind: str = "office", **changes: object) -> ReportedAudit:
    """A closed audit without deviations, reported a year before."""
    usual = {
        "audit_id": OLD,
        "kind": kind,
        "closed": True,
        "reported_on": date(2025, 11, 21),
        "deviations": 0,
    }
    return ReportedAudit(**(usual | changes))  # type: ignore[arg-type]


DEVIATED = (reported(deviations=2),)


def outline(decision: Decision) -> tuple[object, ...]:
    """What the table of the policy says: row, outcome, effect, held within."""
    return decision.row, decision.outcome, decision.effect, decision.due_on


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]
