"""What this service tells."""

from services.assessments import events


class AssessmentCompleted(events.AssessmentCompleted):
    """[supplier/category] A self-assessment is complete: what the product's own event of this name holds."""
