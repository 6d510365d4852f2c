"""What this service reads and tells."""

from marshmallow import fields

from chassis.events import EventSchema, EventSlice


class ScoreChanged(EventSlice):
    """What an audit follows from."""

    type = "score_changed"
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    value = fields.Integer(required=True)


class AuditPlanned(EventSchema):
    """[audit] An audit is planned."""

    type = "audit_planned"
    audit_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    kind = fields.String(required=True)
    due_on = fields.Date(required=True)
