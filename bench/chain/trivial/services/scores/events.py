"""What this service reads and tells."""

from marshmallow import fields

from chassis.events import EventSchema, EventSlice


class AssessmentCompleted(EventSlice):
    """What a score follows from."""

    type = "assessment_completed"
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    claimed = fields.Raw(required=True)  # the business is trivial, so is its check


class ScoreChanged(EventSchema):
    """[supplier/category] A case has a new score."""

    type = "score_changed"
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    value = fields.Integer(required=True)
    previous = fields.Integer(required=True)
