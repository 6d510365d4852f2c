"""HTTP in and out, and what the environment must hold."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis import config
from chassis.fields import List, Text
from chassis.http import PageQuery
from services.audits.domain.case import STATES
from services.audits.domain.policy import AUDITS, BANDS

KINDS = tuple(AUDITS.values())
RISK_BANDS = (*BANDS, "no_data")
STAGES = ("self_declared", "reviewed", "audited")
EFFECTS = ("none", "opened", "joined", "upgraded", "suppressed", "listed")

# What the examples of several schemas share.
_SUPPLIER_ID, _CATEGORY_ID = "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11", "handskar"
_AUDIT_ID, _AUDITOR_ID = "01938f60-1a2b-7c50-8d5e-6f7a8b9c0d50", "01938f60-2b3c-7d60-9e6f-7a8b9c0d1e60"
_REASON = "critical open (critical open 1)"
_REASONS = [{"code": "critical_open", "params": {"critical_open": 1}}]


class Settings(config.Settings):
    """AUTO_CONFIRM_WORKING_DAYS: after so many an audit confirms itself; 0 = at once."""

    AUTO_CONFIRM_WORKING_DAYS = fields.Integer(load_default=5, validate=validate.Range(0, 250))


class NewAuditor(Schema):
    """Somebody who holds audits; weekly_capacity: how many may begin in an ISO week."""

    name = Text(200, required=True, metadata={"personal": True})
    kinds = List(
        fields.String(validate=validate.OneOf(KINDS)),
        required=True,
        validate=validate.Length(1, 2),
    )
    languages = List(
        fields.String(validate=validate.Regexp(r"^[a-z]{2,3}\Z")),
        required=True,
        validate=validate.Length(1, 50),
    )
    weekly_capacity = fields.Integer(required=True, strict=True, validate=validate.Range(0, 50))

    example: ClassVar[dict[str, Any]] = {
        "name": "Revisor Ett",
        "kinds": ["office", "factory"],
        "languages": ["sv", "en", "zh"],
        "weekly_capacity": 2,
    }


class AuditorView(NewAuditor):
    """An auditor with its id; `version` counts its changes."""

    auditor_id = fields.UUID()
    version = fields.Integer()

    example: ClassVar[dict[str, Any]] = {"auditor_id": _AUDITOR_ID, "version": 3, **NewAuditor.example}


class AuditorQuery(PageQuery):
    """All auditors."""

    key = ("auditor_id",)
    sorts: ClassVar = {"name": "name"}


class AuditQuery(PageQuery):
    """Filters of the list of audits."""

    key = ("audit_id",)
    sorts: ClassVar = {"due_on": "due_on", "starts_on": "starts_on"}

    supplier_id = fields.UUID(load_default=None)
    category_id = fields.String(load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class Reason(Schema):
    """Why: a code that never changes, and what it depended on."""

    code = fields.String()
    params = fields.Dict()


class AuditView(Schema):
    """An audit. row, rule: what in the policy called for it; causes: ids of the events that led to it.

    confirm_on: the day on which it confirms itself; reason: the reasons in words.
    """

    audit_id = fields.UUID()
    supplier_id = fields.UUID()
    category_id = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    state = fields.String(validate=validate.OneOf(STATES))
    starts_on = fields.Date()
    due_on = fields.Date()
    auditor_id = fields.UUID(allow_none=True)
    announced = fields.Boolean()
    row = fields.Integer(attribute="policy_row", allow_none=True)
    rule = fields.String()
    reason = fields.String()
    reasons = fields.List(fields.Nested(Reason))
    causes = fields.List(fields.UUID())
    confirm_on = fields.Date()
    confirmed_at = fields.AwareDateTime(allow_none=True)
    cancellation_proposed = fields.Boolean()
    ended_on = fields.Date(allow_none=True)
    end_reason = fields.String(allow_none=True)
    correlation_id = fields.String()
    created_at = fields.AwareDateTime()

    example: ClassVar[dict[str, Any]] = {
        "audit_id": _AUDIT_ID,
        "supplier_id": _SUPPLIER_ID,
        "category_id": _CATEGORY_ID,
        "kind": "office",
        "state": "confirmed",
        "starts_on": "2027-01-18",
        "due_on": "2027-02-28",
        "auditor_id": _AUDITOR_ID,
        "announced": True,
        "row": 4,
        "rule": "2026-1",
        "reason": _REASON,
        "reasons": _REASONS,
        "causes": ["01938f40-1f2e-7a10-8b1c-2d3e4f5a6b10"],
        "confirm_on": "2026-12-17",
        "confirmed_at": "2026-12-17T06:00:00+00:00",
        "cancellation_proposed": False,
        "ended_on": None,
        "end_reason": None,
        "correlation_id": "01938f40-0a1b-7c00-8d0e-1f2a3b4c5d00",
        "created_at": "2026-12-10T09:15:01+00:00",
    }


class Cancellation(Schema):
    """Why an audit is not held; the regions, the office and the auditor read it."""

    reason = Text(1000, lines=True, required=True)

    example: ClassVar[dict[str, Any]] = {"reason": "The contract ends before the audit could be held."}


class DecisionView(Schema):
    """What the policy made of a risk. row 1–10, null where none applies; asked: what it called for.

    outcome: what comes of it; effect: opened, joined, upgraded, suppressed, listed, none (README);
    listed: a person should look; events: what it reacted to.
    """

    decision_id = fields.UUID()
    row = fields.Integer(attribute="policy_row", allow_none=True)
    rule = fields.String()
    asked = fields.String()
    outcome = fields.String()
    effect = fields.String(validate=validate.OneOf(EFFECTS))
    due_on = fields.Date(allow_none=True)
    proposal = fields.String(allow_none=True)
    proposal_due_on = fields.Date(allow_none=True)
    listed = fields.Boolean()
    proposes_cancellation = fields.Boolean()
    audit_id = fields.UUID(allow_none=True)
    reason = fields.String()
    reasons = fields.List(fields.Nested(Reason))
    events = fields.List(fields.UUID())
    score = fields.Decimal(allow_none=True)
    band = fields.String(validate=validate.OneOf(RISK_BANDS))
    as_of = fields.AwareDateTime()
    decided_at = fields.AwareDateTime()
    ended_on = fields.Date(allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "decision_id": "01938f60-3c4d-7e70-8f7a-8b9c0d1e2f70",
        "row": 4,
        "rule": "2026-1",
        "asked": "office_audit",
        "outcome": "office_audit",
        "effect": "opened",
        "due_on": "2027-02-28",
        "proposal": None,
        "proposal_due_on": None,
        "listed": False,
        "proposes_cancellation": False,
        "audit_id": _AUDIT_ID,
        "reason": _REASON,
        "reasons": _REASONS,
        "events": ["01938f40-1f2e-7a10-8b1c-2d3e4f5a6b10"],
        "score": 52.3,
        "band": "high",
        "as_of": "2026-12-10T09:15:00+00:00",
        "decided_at": "2026-12-10T09:15:01+00:00",
        "ended_on": None,
    }


class CaseQuery(PageQuery):
    """Filters of the list of cases."""

    key = ("case_id",)
    sorts: ClassVar = {"as_of": "as_of"}

    supplier_id = fields.UUID(load_default=None)
    category_id = fields.String(load_default=None)


class CaseView(Schema):
    """A case with its newest risk and its final decision; null: only repeated or imported risks are known."""

    case_id = fields.UUID()
    supplier_id = fields.UUID()
    category_id = fields.String()
    score = fields.Decimal(allow_none=True)
    band = fields.String(validate=validate.OneOf(RISK_BANDS))
    stage = fields.String(allow_none=True, validate=validate.OneOf(STAGES))
    as_of = fields.AwareDateTime()
    decision = fields.Nested(DecisionView, allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "case_id": "01938f60-0f1a-7b40-9c4d-5e6f7a8b9c40",
        "supplier_id": _SUPPLIER_ID,
        "category_id": _CATEGORY_ID,
        "score": 52.3,
        "band": "high",
        "stage": "reviewed",
        "as_of": "2026-12-10T09:15:00+00:00",
        "decision": DecisionView.example,
    }


class CaseHistory(CaseView):
    """A case with all decisions about it, oldest first."""

    decisions = fields.List(fields.Nested(DecisionView))

    example: ClassVar[dict[str, Any]] = {**CaseView.example, "decisions": [DecisionView.example]}
