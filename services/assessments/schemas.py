"""HTTP in and out, and what the environment must hold."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis import config
from chassis.fields import Day, Grid, Id, List, Text
from chassis.http import PageQuery
from services.assessments.domain.case import RECOMMENDATIONS, STAGES, STATES

_ASSESSMENT_ID = "01938f50-7b1c-7d30-8d4e-5f6a7b8c9d30"
_SUPPLIER_ID = "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11"
_CAMPAIGN_ID = "01938f50-6a0b-7c20-9c3d-4e5f6a7b8c20"

MOST_CASES = 2000


class Settings(config.Settings):
    """LINK_KEY: the secret that respondents' links are signed with, the same as in notifications."""

    LINK_KEY = fields.String(required=True, validate=validate.Length(min=16))


class QuestionnaireView(Schema):
    """The questionnaire as it is asked, with its scores: the arithmetic is open."""

    id = fields.String()
    version = fields.String()
    title_sv = fields.String()
    title_en = fields.String()
    scoring = fields.Dict()
    areas = fields.List(fields.Dict())
    sections = fields.List(fields.Dict())
    questions = fields.List(fields.Dict())

    example: ClassVar[dict[str, Any]] = {
        "id": "saq-regions-2026",
        "version": "1.0",
        "title_sv": "Självskattning",
        "title_en": "Self-assessment",
        "scoring": {"scale": "0-4 per scored question; null score = not scored"},
        "areas": [{"id": "human_rights", "sv": "Mänskliga rättigheter", "en": "Human rights"}],
        "sections": [{"id": "1_policy", "sv": "Policy", "en": "Policy", "oecd_step": 1}],
        "questions": [{"id": "Q101", "section": "1_policy", "type": "single_choice", "weight": 3}],
    }


class Case(Schema):
    """Whom to ask, about what."""

    supplier_id = Id(required=True)
    category_id = fields.String(required=True, validate=validate.Length(1, 100))


class NewCampaign(Schema):
    """A round of self-assessments; answer_by: the last (UTC) day to answer, null for the usual period."""

    name = Text(200, required=True)
    year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2100))
    answer_by = Day(load_default=None, allow_none=True)
    cases = List(fields.Nested(Case), most=MOST_CASES, required=True, validate=validate.Length(min=1))

    example: ClassVar[dict[str, Any]] = {
        "name": "Operationshandskar 2026",
        "year": 2026,
        "answer_by": "2026-12-19",
        "cases": [{"supplier_id": _SUPPLIER_ID, "category_id": "handskar"}],
    }


class CampaignView(Schema):
    """A campaign; states: how many of its assessments are in each. They are listed under /assessments."""

    campaign_id = fields.UUID()
    name = fields.String()
    year = fields.Integer()
    answer_by = fields.Date()
    created_at = fields.AwareDateTime()
    states = fields.Dict(fields.String(validate=validate.OneOf(STATES)), fields.Integer())

    example: ClassVar[dict[str, Any]] = {
        "campaign_id": _CAMPAIGN_ID,
        "name": "Operationshandskar 2026",
        "year": 2026,
        "answer_by": "2026-12-19",
        "created_at": "2026-11-21T12:00:00+00:00",
        "states": {"invited": 41, "in_progress": 12, "submitted": 5, "under_review": 1, "completed": 1},
    }


class AssessmentQuery(PageQuery):
    """Filters of the list of assessments."""

    key = ("assessment_id",)
    sorts: ClassVar = {"deadline": "deadline", "since": "since"}

    campaign_id = fields.UUID(load_default=None)
    supplier_id = fields.UUID(load_default=None)
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class AssessmentSummary(Schema):
    """A case and how far it has come; `critical`: flags still unresolved."""

    assessment_id = fields.UUID()
    campaign_id = fields.UUID()
    supplier_id = fields.UUID()
    legal_name = fields.String()
    category_id = fields.String()
    year = fields.Integer()
    state = fields.String(validate=validate.OneOf(STATES))
    since = fields.AwareDateTime()
    deadline = fields.Date()
    invitation_id = fields.UUID()
    generation = fields.Integer()
    contact_id = fields.UUID()
    stage = fields.String(allow_none=True, validate=validate.OneOf(STAGES))
    completeness = fields.Decimal(allow_none=True)
    critical = fields.List(fields.String(), attribute="open_critical")
    severe_reported = fields.Boolean()
    recommendation = fields.String(allow_none=True, validate=validate.OneOf(RECOMMENDATIONS))
    submitted_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    valid_until = fields.AwareDateTime(allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "assessment_id": _ASSESSMENT_ID,
        "campaign_id": _CAMPAIGN_ID,
        "supplier_id": _SUPPLIER_ID,
        "legal_name": "Exempelleverantör 017 AB",
        "category_id": "handskar",
        "year": 2026,
        "state": "completed",
        "since": "2026-12-10T09:15:00+00:00",
        "deadline": "2026-12-19",
        "invitation_id": "01938f50-8c2d-7e40-9e5f-6a7b8c9d0e40",
        "generation": 1,
        "contact_id": "01938f3e-5c1b-7c01-9c33-1d2e3f4a5b01",
        "stage": "reviewed",
        "completeness": 98.5,
        "critical": ["Q407"],
        "severe_reported": False,
        "recommendation": "office_audit",
        "submitted_at": "2026-12-03T14:02:11+00:00",
        "completed_at": "2026-12-10T09:15:00+00:00",
        "valid_until": "2027-12-10T09:15:00+00:00",
    }


class AssessmentView(AssessmentSummary):
    """A case, whole: matrices are 7 rows (PR1–PR7) of 4 areas, 0–100 or null."""

    questionnaire = fields.String()
    answers = fields.Dict()
    claimed = Grid(7, 4, allow_none=True)
    judged = Grid(7, 4, allow_none=True)
    resolved_critical = fields.List(fields.String())

    example: ClassVar[dict[str, Any]] = {
        **AssessmentSummary.example,
        "questionnaire": "saq-regions-2026 1.0",
        "answers": {"P01": "Operationshandskar", "Q101": "yes", "Q110": ["supplier_code", "audits"]},
        "claimed": [[75, 100, 50, 62.5]] * 7,
        "judged": [[75, 75, 50, None]] * 7,
        "resolved_critical": [],
    }


class Completion(Schema):
    """A review's outcome; judged: null, or a grid with null in every cell that no evidence supports."""

    judged = Grid(7, 4, required=True, allow_none=True)
    recommendation = fields.String(required=True, validate=validate.OneOf(RECOMMENDATIONS))
    resolved_critical = List(fields.String(), load_default=list)

    example: ClassVar[dict[str, Any]] = {
        "judged": [[75, 75, 50, None]] * 7,
        "recommendation": "office_audit",
        "resolved_critical": ["Q212"],
    }


class NewSession(Schema):
    """What the mail's link holds."""

    invitation_id = Id(required=True)
    code = fields.String(required=True, validate=validate.Length(1, 200))

    example: ClassVar[dict[str, Any]] = {
        "invitation_id": "01938f50-8c2d-7e40-9e5f-6a7b8c9d0e40",
        "code": "the-code-behind-the-hash-of-the-mails-link",
    }


class SessionView(Schema):
    """A respondent's session; the token goes into `Authorization: Bearer`, never into an address."""

    token = fields.String()
    assessment_id = fields.UUID()
    expires_at = fields.AwareDateTime()

    example: ClassVar[dict[str, Any]] = {
        "token": "what-goes-into-authorization-bearer",
        "assessment_id": _ASSESSMENT_ID,
        "expires_at": "2026-11-22T00:00:00+00:00",
    }


class Answers(Schema):
    """Changed answers by question id; null removes one, what is not named stays."""

    answers = fields.Dict(fields.String(), fields.Raw(allow_none=True), required=True)

    example: ClassVar[dict[str, Any]] = {
        "answers": {"P01": "Operationshandskar", "Q101": "yes", "Q102": None}
    }


class FormView(Schema):
    """What a respondent sees. visible: the questions shown, in order; completeness: 0–100."""

    assessment_id = fields.UUID()
    legal_name = fields.String()
    category_id = fields.String()
    year = fields.Integer()
    state = fields.String(validate=validate.OneOf(STATES))
    deadline = fields.Date()
    editable = fields.Boolean()
    submitted_at = fields.AwareDateTime(allow_none=True)
    answers = fields.Dict()
    visible = fields.List(fields.String())
    completeness = fields.Decimal()

    example: ClassVar[dict[str, Any]] = {
        "assessment_id": _ASSESSMENT_ID,
        "legal_name": "Exempelleverantör 017 AB",
        "category_id": "handskar",
        "year": 2026,
        "state": "in_progress",
        "deadline": "2026-12-19",
        "editable": True,
        "submitted_at": None,
        "answers": {"P01": "Operationshandskar", "Q101": "yes"},
        "visible": ["P01", "P02", "Q101", "Q102"],
        "completeness": 50,
    }
