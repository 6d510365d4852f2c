"""The slices of other services' events that notifications reads; it emits none yet."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from chassis.events import EventSlice, SlicePart
from services.notifications import domain

# What no producer exceeds; beyond it lies what a link, a text or a database cannot hold.
_YEARS = validate.Range(1900, 2999)
_GENERATIONS = validate.Range(1, 2**31 - 1)
_SCORES = validate.Range(0, 100)


def _moment(text: str) -> None:
    try:
        domain.local_day(text)
    except ValueError:
        raise ValidationError("Must be an ISO date, or an ISO time with its offset.") from None


def _each_once(contacts: list[dict[str, Any]]) -> None:
    named = [contact["contact_id"] for contact in contacts]
    if len(set(named)) < len(named):
        raise ValidationError("Must not name a contact_id twice.")


class Contact(SlicePart):
    """A person at a supplier. An unusable address is no fault of the event: notices wait for a better one."""

    contact_id = fields.UUID(required=True)
    name = fields.String(load_default=None, allow_none=True)
    email = fields.String(load_default=None, allow_none=True)
    language = fields.String(load_default=None, allow_none=True)
    role = fields.String(load_default=None, allow_none=True)


class Contract(SlicePart):
    """A contract: which regions (county codes) buy in which category, under which clause."""

    category_id = fields.String(required=True)
    regions = fields.List(fields.String(), required=True)
    clause_level = fields.String(load_default=None, allow_none=True)
    clause_version = fields.String(load_default=None, allow_none=True)


class SupplierRegistered(EventSlice):
    """[supplier] Projection: names, contacts and contracts."""

    type = "supplier_registered"
    supplier_id = fields.UUID(required=True)
    legal_name = fields.String(required=True)
    contacts = fields.List(fields.Nested(Contact), required=True, validate=_each_once)
    contracts = fields.List(fields.Nested(Contract), required=True)


class SupplierChanged(SupplierRegistered):
    """[supplier] The same, later."""

    type = "supplier_changed"


class SupplierMerged(EventSlice):
    """[surviving supplier] Others were merged into it; `absorbed_ids`: all ids that mean it now."""

    type = "supplier_merged"
    supplier_id = fields.UUID(required=True)
    absorbed_ids = fields.List(fields.UUID(), required=True)


class CategoryChanged(EventSlice):
    """[category] Projection: the category's names by language."""

    type = "category_changed"
    category_id = fields.String(required=True)
    names = fields.Dict(fields.String(), fields.String(), required=True)


class SupplierRiskRescored(EventSlice):
    """[supplier/category] Reaction: regions and office hear of a changed band."""

    type = "supplier_risk_rescored"
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    score = fields.Decimal(required=True, allow_none=True, validate=_SCORES)
    band = fields.String(required=True)
    previous_score = fields.Decimal(required=True, allow_none=True, validate=_SCORES)
    previous_band = fields.String(required=True, allow_none=True)
    no_data_areas = fields.List(fields.String(), required=True)
    as_of = fields.String(required=True, validate=_moment)
    changed = fields.Boolean(required=True)


class AssessmentInvited(EventSlice):
    """[assessment] Reaction: the contact gets the link (invitation_id and generation make its code)."""

    type = "assessment_invited"
    assessment_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    year = fields.Integer(required=True, validate=_YEARS)
    deadline = fields.String(required=True, validate=_moment)
    invitation_id = fields.UUID(required=True)
    generation = fields.Integer(required=True, validate=_GENERATIONS)
    contact_id = fields.UUID(required=True)


class AssessmentCompleted(EventSlice):
    """[supplier/category] Reaction: contact and office hear that the review is done."""

    type = "assessment_completed"
    assessment_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    year = fields.Integer(required=True, validate=_YEARS)
    critical = fields.List(fields.String(), required=True)
    recommendation = fields.String(required=True)
    valid_until = fields.String(required=True, validate=_moment)


class AuditConfirmed(EventSlice):
    """[audit] Reaction: auditor, regions, office, and the supplier if the audit is announced."""

    type = "audit_confirmed"
    audit_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    starts_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    auditor_id = fields.UUID(required=True, allow_none=True)
    announced = fields.Boolean(required=True)
    rule = fields.String(required=True)


class AuditCancelled(EventSlice):
    """[audit] Reaction: whoever heard that it was confirmed hears that it will not be held."""

    type = "audit_cancelled"
    audit_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    provisional = fields.Boolean(required=True)
    starts_on = fields.Date(required=True)
    auditor_id = fields.UUID(required=True, allow_none=True)
    announced = fields.Boolean(required=True)
    reason = fields.String(required=True)


# Which kind of notice an event leads to.
NOTICE_KINDS = {
    SupplierRiskRescored.type: "risk_band_changed",
    AssessmentInvited.type: "assessment_invited",
    AssessmentCompleted.type: "assessment_completed",
    AuditConfirmed.type: "audit_confirmed",
    AuditCancelled.type: "audit_cancelled",
}
