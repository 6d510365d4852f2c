"""What this service tells."""

from marshmallow import fields

from chassis.events import EventSchema
from chassis.fields import Grid


class AssessmentCompleted(EventSchema):
    """[supplier/category] A self-assessment is complete: what the product's own event of this name holds."""

    type = "assessment_completed"
    assessment_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    year = fields.Integer(required=True)
    state = fields.String(required=True)
    stage = fields.String(required=True)
    claimed = Grid(7, 4, required=True)
    judged = Grid(7, 4, required=True, allow_none=True)
    critical = fields.List(fields.String(), required=True)
    severe_reported = fields.Boolean(required=True)
    recommendation = fields.String(required=True)
    completed_at = fields.AwareDateTime(required=True)
    valid_until = fields.AwareDateTime(required=True)
    completeness = fields.Float(required=True)
    since = fields.AwareDateTime(required=True)
