"""The events that this service emits, whole, and its slices of those that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from chassis.events import Event, EventSchema, EventSlice, SlicePart
from chassis.fields import Count, Grid, Moment, Number
from services.audits.domain.case import explain
from services.audits.domain.policy import AUDITS, BANDS, RECOMMENDATIONS

if TYPE_CHECKING:
    from chassis.events import Received
    from services.audits.domain.case import Audit

KINDS = tuple(AUDITS.values())


class _AuditState(EventSchema):
    """What all events about an audit carry. causes: the events that led to it; rule: policy version/row."""

    audit_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    provisional = fields.Boolean(required=True)
    starts_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    auditor_id = fields.UUID(required=True, allow_none=True)
    announced = fields.Boolean(required=True)
    reason = fields.String(required=True)
    rule = fields.String(required=True)
    causes = fields.List(fields.UUID(), required=True)


# making a schema costs more than filling one
_AS_STORED = [name for name in _AuditState().fields if name not in ("provisional", "reason")]


class AuditScheduled(_AuditState):
    """[audit] R: an audit has a slot, or a stronger cause moved it; provisional until confirmed."""

    type = "audit_scheduled"


class AuditConfirmed(_AuditState):
    """[audit] R: an audit will be held; notifications tells the supplier, regions, office and auditor."""

    type = "audit_confirmed"


class AuditCancelled(_AuditState):
    """[audit] R: an audit will not be held; `reason` is what the person who cancelled it gave."""

    type = "audit_cancelled"


class AuditReported(EventSchema):
    """[supplier/category] P+R: what an audit found, one event per case that it served.

    `audited`: 7 x 4, 0-100 or null where it did not look.
    """

    type = "audit_reported"
    audit_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    reported_at = fields.AwareDateTime(required=True)
    audited = Grid(7, 4, required=True)
    valid_until = fields.AwareDateTime(required=True)


class _DeviationState(EventSchema):
    """What all events about a deviation carry."""

    deviation_id = fields.UUID(required=True)
    audit_id = fields.UUID(required=True, allow_none=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    areas = fields.List(fields.String(), required=True)
    severe = fields.Boolean(required=True)
    due_on = fields.Date(required=True)
    state = fields.String(required=True)


class DeviationRaised(_DeviationState):
    """[deviation] P+R: something is not as the code of conduct or the contract demands."""

    type = "deviation_raised"


class DeviationOverdue(_DeviationState):
    """[deviation] P+R: it was not remedied in time."""

    type = "deviation_overdue"


class DeviationVerified(_DeviationState):
    """[deviation] P+R: it is remedied, and somebody has seen so."""

    type = "deviation_verified"


class _Contract(SlicePart):
    category_id = fields.String(required=True)
    regions = fields.List(fields.String(), required=True)


class SupplierRegistered(EventSlice):
    """Which regions a supplier's cases belong to."""

    type = "supplier_registered"
    supplier_id = fields.UUID(required=True)
    contracts = fields.List(fields.Nested(_Contract), required=True)


class SupplierChanged(SupplierRegistered):
    """The same state, later."""

    type = "supplier_changed"


class SupplierMerged(EventSlice):
    """[surviving supplier] Others were merged into it; `absorbed_ids`: all ids that mean it now."""

    type = "supplier_merged"
    supplier_id = fields.UUID(required=True)
    absorbed_ids = fields.List(fields.UUID(), required=True)


class CategoryChanged(EventSlice):
    """Whose a category is: a coordinator of that area reaches its cases."""

    type = "category_changed"
    category_id = fields.String(required=True, validate=validate.Length(1, 100))
    responsible_area = fields.String(load_default=None, allow_none=True)


class SupplierRiskRescored(EventSlice):
    """What the audit policy looks at."""

    type = "supplier_risk_rescored"
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True, validate=validate.Length(1, 100))
    score = Number(0, 100, required=True, allow_none=True)
    band = fields.String(required=True, validate=validate.OneOf([*BANDS, "no_data"]))
    stage = fields.String(required=True, allow_none=True)
    critical_open = Count(required=True)
    severe_open = Count(required=True)
    claim_gap = Number(-100, 100, required=True, allow_none=True)
    not_cooperating = fields.Boolean(required=True)
    recommendation = fields.String(required=True, allow_none=True, validate=validate.OneOf(RECOMMENDATIONS))
    site_known = fields.Boolean(required=True)
    contract_ends_on = fields.Date(required=True, allow_none=True)
    as_of = Moment(required=True)
    assessed_at = Moment(required=True, allow_none=True)


def announcements(audit: Audit, cause: Received | None) -> list[Event]:
    """Return what is told of a new or moved audit: that it is scheduled and, if so, that it is confirmed."""
    told = [_event(AuditScheduled, audit, explain(audit.reasons), cause=cause)]
    return told if audit.state == "provisional" else [*told, confirmed(audit, cause=cause)]


def confirmed(audit: Audit, **origin: Any) -> Event:
    """Return the event of a confirmed audit; origin: `cause`, or `correlation_id`, or that of the request."""
    return _event(AuditConfirmed, audit, explain(audit.reasons), **origin)


def cancelled(audit: Audit) -> Event:
    """Return the event of a cancelled audit."""
    return _event(AuditCancelled, audit, audit.end_reason or "")


def _event(schema: type[EventSchema], audit: Audit, reason: str, **origin: Any) -> Event:
    data = {name: getattr(audit, name) for name in _AS_STORED}
    data |= {"provisional": audit.confirmed_at is None, "reason": reason}
    return Event(schema=schema, subject=str(audit.audit_id), data=data, **origin)
