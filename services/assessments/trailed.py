"""An assessment as the audit trail keeps it: what a respondent writes freely may tell of people."""

from __future__ import annotations

from marshmallow import Schema, fields

from services.assessments import schemas
from services.assessments.rules import QUESTIONNAIRE

_WRITTEN = {"text", "file"}
_Answers = Schema.from_dict(
    {
        question.id: fields.Raw(metadata={"personal": question.type in _WRITTEN})
        for question in QUESTIONNAIRE.questions.values()
    },
    name="TrailedAnswers",
)

# A case with those answers that differ: choices and numbers as they are, texts as salted hashes.
TrailedAssessment = schemas.AssessmentView.from_dict(
    {"answers": fields.Nested(_Answers)}, name="TrailedAssessment"
)
