"""What this service reads and tells."""

from bench.chain import business

_chosen = business.chosen()


class AssessmentCompleted(_chosen.Assessment):
    """What a score follows from."""

    type = "assessment_completed"


class ScoreChanged(_chosen.ScoreTold):
    """[supplier/category] A case has a new score."""

    type = "score_changed"
