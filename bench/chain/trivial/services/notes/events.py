"""What this service reads."""

from marshmallow import fields

from chassis.events import EventSlice


class AuditPlanned(EventSlice):
    """What somebody is told."""

    type = "audit_planned"
    audit_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    due_on = fields.Date(required=True)
