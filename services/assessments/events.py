"""The events that this service emits, whole, and its slices of those it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import fields, validate

from chassis.events import Event, EventSchema, EventSlice, SlicePart
from chassis.fields import Grid
from services.assessments.domain.case import RECOMMENDATIONS, STAGES, STATES, Assessment

if TYPE_CHECKING:
    from collections.abc import Sequence


class AssessmentInvited(EventSchema):
    """[assessment] R: a supplier is asked to assess itself; notifications mails the link to its contact."""

    type = "assessment_invited"
    assessment_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    year = fields.Integer(required=True)
    deadline = fields.Date(required=True)
    invitation_id = fields.UUID(required=True)
    generation = fields.Integer(required=True)
    contact_id = fields.UUID(required=True)


class AssessmentCompleted(EventSchema):
    """[supplier/category] P+R: the case's state, whole; suppliers rescores, notifications tells.

    Matrices: PR1–PR7 by area, 0–100 or null. `completeness`: 0–100. `critical`: flags still unresolved.
    """

    type = "assessment_completed"
    assessment_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    year = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    stage = fields.String(required=True, validate=validate.OneOf(STAGES))
    claimed = Grid(7, 4, required=True)
    judged = Grid(7, 4, required=True, allow_none=True)
    completeness = fields.Decimal(required=True)
    critical = fields.List(fields.String(), required=True)
    severe_reported = fields.Boolean(required=True)
    recommendation = fields.String(required=True, validate=validate.OneOf(RECOMMENDATIONS))
    completed_at = fields.AwareDateTime(required=True)
    valid_until = fields.AwareDateTime(required=True)
    since = fields.AwareDateTime(required=True)


class _Contact(SlicePart):
    contact_id = fields.UUID(required=True)
    role = fields.String(load_default=None, allow_none=True)


class _Contract(SlicePart):
    category_id = fields.String(required=True)
    regions = fields.List(fields.String(), required=True)


class SupplierRegistered(EventSlice):
    """What an invitation needs to know of a supplier, and which regions its cases belong to."""

    type = "supplier_registered"
    supplier_id = fields.UUID(required=True)
    legal_name = fields.String(required=True)
    contacts = fields.List(fields.Nested(_Contact), required=True)
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


def invited(assessments: Sequence[Assessment]) -> list[Event]:
    """Return an assessment_invited per assessment."""
    names = list(AssessmentInvited().fields)
    return [
        Event(
            schema=AssessmentInvited,
            subject=str(each.assessment_id),
            data={name: getattr(each, name) for name in names},
        )
        for each in assessments
    ]


def completed(assessment: Assessment) -> Event:
    """Return the assessment_completed of a completed assessment."""
    names = [name for name in AssessmentCompleted().fields if name != "critical"]
    data = {name: getattr(assessment, name) for name in names} | {"critical": assessment.open_critical}
    subject = f"{assessment.supplier_id}/{assessment.category_id}"
    return Event(schema=AssessmentCompleted, subject=subject, data=data)
