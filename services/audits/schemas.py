"""HTTP in and out, and what the environment must hold."""

from __future__ import annotations

from typing import ClassVar

from marshmallow import Schema, fields, validate

from chassis import config
from chassis.fields import Text
from chassis.http import PageQuery
from services.audits.domain.case import STATES
from services.audits.domain.policy import AUDITS


class Settings(config.Settings):
    """AUTO_CONFIRM_WORKING_DAYS: after so many an audit confirms itself; 0 = at once."""

    AUTO_CONFIRM_WORKING_DAYS = fields.Integer(load_default=5, validate=validate.Range(0, 250))


class NewAuditor(Schema):
    """Somebody who holds audits; weekly_capacity: how many may begin in an ISO week."""

    name = Text(200, required=True, metadata={"personal": True})
    kinds = fields.List(
        fields.String(validate=validate.OneOf(tuple(AUDITS.values()))),
        required=True,
        validate=validate.Length(1, 2),
    )
    languages = fields.List(
        fields.String(validate=validate.Regexp(r"^[a-z]{2,3}\Z")),
        required=True,
        validate=validate.Length(1, 50),
    )
    weekly_capacity = fields.Integer(required=True, strict=True, validate=validate.Range(0, 50))


class AuditorView(NewAuditor):
    """An auditor with its id; `version` counts its changes."""

    auditor_id = fields.UUID()
    version = fields.Integer()


class AuditorQuery(PageQuery):
    """All auditors."""

    key = ("auditor_id",)


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
    kind = fields.String()
    state = fields.String()
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


class Cancellation(Schema):
    """Why an audit is not held; the regions, the office and the auditor read it."""

    reason = Text(1000, required=True)


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
    effect = fields.String()
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
    band = fields.String()
    as_of = fields.AwareDateTime()
    decided_at = fields.AwareDateTime()
    ended_on = fields.Date(allow_none=True)


class CaseQuery(PageQuery):
    """Filters of the list of cases."""

    key = ("case_id",)

    supplier_id = fields.UUID(load_default=None)
    category_id = fields.String(load_default=None)


class CaseView(Schema):
    """A case with its newest risk and its final decision; null: only repeated or imported risks are known."""

    case_id = fields.UUID()
    supplier_id = fields.UUID()
    category_id = fields.String()
    score = fields.Decimal(allow_none=True)
    band = fields.String()
    stage = fields.String(allow_none=True)
    as_of = fields.AwareDateTime()
    decision = fields.Nested(DecisionView, allow_none=True)


class CaseHistory(CaseView):
    """A case with all decisions about it, oldest first."""

    decisions = fields.List(fields.Nested(DecisionView))
