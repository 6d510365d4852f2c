"""HTTP in and out, and what the environment must hold."""

from __future__ import annotations

from typing import ClassVar

from marshmallow import Schema, fields, validate

from chassis import config
from chassis.fields import Grid, Text
from chassis.http import PageQuery
from services.assessments.domain.case import RECOMMENDATIONS, STATES


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


class Case(Schema):
    """Whom to ask, about what."""

    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True, validate=validate.Length(1, 100))


class NewCampaign(Schema):
    """A round of self-assessments; answer_by: the last (UTC) day to answer, null for the usual period."""

    name = Text(200, required=True)
    year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2100))
    answer_by = fields.Date(load_default=None, allow_none=True)
    cases = fields.List(fields.Nested(Case), required=True, validate=validate.Length(min=1))


class CampaignView(Schema):
    """A campaign; states: how many of its assessments are in each. They are listed under /assessments."""

    campaign_id = fields.UUID()
    name = fields.String()
    year = fields.Integer()
    answer_by = fields.Date()
    created_at = fields.AwareDateTime()
    states = fields.Dict(fields.String(), fields.Integer())


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
    state = fields.String()
    since = fields.AwareDateTime()
    deadline = fields.Date()
    invitation_id = fields.UUID()
    generation = fields.Integer()
    contact_id = fields.UUID()
    stage = fields.String(allow_none=True)
    completeness = fields.Decimal(allow_none=True)
    critical = fields.List(fields.String(), attribute="open_critical")
    severe_reported = fields.Boolean()
    recommendation = fields.String(allow_none=True)
    submitted_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    valid_until = fields.AwareDateTime(allow_none=True)


class AssessmentView(AssessmentSummary):
    """A case, whole: matrices are 7 rows (PR1–PR7) of 4 areas, 0–100 or null."""

    questionnaire = fields.String()
    answers = fields.Dict()
    claimed = Grid(7, 4, allow_none=True)
    judged = Grid(7, 4, allow_none=True)
    resolved_critical = fields.List(fields.String())


class Completion(Schema):
    """A review's outcome; judged: null, or a grid with null in every cell that no evidence supports."""

    judged = Grid(7, 4, required=True, allow_none=True)
    recommendation = fields.String(required=True, validate=validate.OneOf(RECOMMENDATIONS))
    resolved_critical = fields.List(fields.String(), load_default=list)


class NewSession(Schema):
    """What the mail's link holds."""

    invitation_id = fields.UUID(required=True)
    code = fields.String(required=True, validate=validate.Length(1, 200))


class SessionView(Schema):
    """A respondent's session; the token goes into `Authorization: Bearer`, never into an address."""

    token = fields.String()
    assessment_id = fields.UUID()
    expires_at = fields.AwareDateTime()


class Answers(Schema):
    """Changed answers by question id; null removes one, what is not named stays."""

    answers = fields.Dict(fields.String(), fields.Raw(allow_none=True), required=True)


class FormView(Schema):
    """What a respondent sees. visible: the questions shown, in order; completeness: 0–100."""

    assessment_id = fields.UUID()
    legal_name = fields.String()
    category_id = fields.String()
    year = fields.Integer()
    state = fields.String()
    deadline = fields.Date()
    editable = fields.Boolean()
    submitted_at = fields.AwareDateTime(allow_none=True)
    answers = fields.Dict()
    visible = fields.List(fields.String())
    completeness = fields.Decimal()
