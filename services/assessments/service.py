"""What assessments answers, hears and does: a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from chassis import clock
from chassis.changes import Resource
from chassis.entrypoints import Settings, every, gauges, http, on_events
from chassis.errors import Conflict
from chassis.http import Html, listing
from chassis.resync import Projection
from chassis.service import Service
from services.assessments import events, merging, rules, schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received
    from chassis.http import Call
    from chassis.metrics import Gauge

_ASSESSMENT = "/assessments/<uuid:assessment_id>"


class AssessmentsService(Service):
    """Questionnaires, campaigns, answers and their review."""

    name = "assessments"
    settings = Settings(schemas.Settings)
    resources: ClassVar = {
        "assessment": Resource("assessments:read", owned=True),
        "campaign": Resource("campaigns:read"),
    }
    tells = (usecases.completed_cases,)
    aliases: ClassVar = {"supplier_id": merging.survivor_of}
    keeps = (
        Projection("suppliers", "supplier", ("supplier_id",)),
        Projection("suppliers", "merged", ("supplier_id",)),
        Projection("suppliers", "category", ("category_id",)),
    )

    @on_events(
        "suppliers",
        events.SupplierRegistered,
        events.SupplierChanged,
        events.SupplierMerged,
        queue="assessments.suppliers",
    )
    def project_suppliers(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.project_suppliers(tx, batch)

    @on_events("suppliers", events.CategoryChanged, queue="assessments.categories")
    def project_categories(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.project_categories(tx, batch)

    @http("GET", "/questionnaire", scope="public", returns=schemas.QuestionnaireView, transaction=False)
    def get_questionnaire(self, tx: None, call: Call) -> Any:
        """Read the questions with their scores: the arithmetic is open to all."""
        return rules.DOCUMENT

    @http(
        "POST",
        "/campaigns",
        scope="campaigns:write",
        body=schemas.NewCampaign,
        returns=schemas.CampaignView,
        creates=True,
        status=201,
        location="/campaigns/{campaign_id}",
    )
    def post_campaign(self, tx: Transaction, call: Call) -> Any:
        """Invite every case named, or none: each that cannot be is named."""
        return usecases.launch_campaign(tx, call.body, call.now)

    @http("GET", "/campaigns/<uuid:campaign_id>", scope="campaigns:read", returns=schemas.CampaignView)
    def get_campaign(self, tx: Transaction, call: Call, campaign_id: UUID) -> Any:
        """Read how far a campaign has come."""
        return usecases.get_campaign(tx, campaign_id)

    @http(
        "GET",
        "/assessments",
        scope="assessments:read",
        query=schemas.AssessmentQuery,
        returns=listing(schemas.AssessmentSummary),
    )
    def list_assessments(self, tx: Transaction, call: Call) -> Any:
        """List assessments, as far as they are yours."""
        return usecases.list_assessments(tx, call.query, call.actor)

    @http(
        "GET",
        _ASSESSMENT,
        scope="assessments:read",
        returns=schemas.AssessmentView,
        owner=usecases.owners_of_assessment,
    )
    def get_assessment(self, tx: Transaction, call: Call, assessment_id: UUID) -> Any:
        """Read an assessment with its answers and matrices."""
        return usecases.get_assessment(tx, assessment_id)

    @http(
        "POST",
        f"{_ASSESSMENT}/review",
        scope="assessments:review",
        returns=schemas.AssessmentView,
        owner=usecases.owners_of_assessment,
        raises=(Conflict,),
    )
    def post_review(self, tx: Transaction, call: Call, assessment_id: UUID) -> Any:
        """Take a submitted assessment up for review."""
        return usecases.start_review(tx, assessment_id, call.now)

    @http(
        "POST",
        f"{_ASSESSMENT}/completion",
        scope="assessments:review",
        body=schemas.Completion,
        returns=schemas.AssessmentView,
        owner=usecases.owners_of_assessment,
        raises=(Conflict,),
    )
    def post_completion(self, tx: Transaction, call: Call, assessment_id: UUID) -> Any:
        """Complete a review: the new risk score, the audit and the notices follow by themselves."""
        return usecases.complete_review(tx, assessment_id, call.body, call.now)

    # The respondent's side: the page behind the mail's link, and what it calls.

    @http("GET", "/respond", scope="public", html=True, transaction=False)
    def get_page(self, tx: None, call: Call) -> Any:
        """Show the respondent's page; it opens nothing by itself."""
        return Html(rules.PAGE)

    @http("POST", "/sessions", scope="public", body=schemas.NewSession, returns=schemas.SessionView)
    def post_session(self, tx: Transaction, call: Call) -> Any:
        """Exchange the code of a mail's link for a session."""
        return usecases.open_session(tx, call.body, self.settings["LINK_KEY"], call.now)

    @http("GET", "/respondent/assessment", scope="session", returns=schemas.FormView)
    def get_form(self, tx: Transaction, call: Call) -> Any:
        """Read one's own assessment."""
        return usecases.get_form(tx, call.bearer, call.now)

    @http(
        "PUT",
        "/respondent/answers",
        scope="session",
        body=schemas.Answers,
        returns=schemas.FormView,
        raises=(Conflict,),
    )
    def put_answers(self, tx: Transaction, call: Call) -> Any:
        """Change answers of one's own assessment."""
        return usecases.save_answers(tx, call.bearer, call.body["answers"], call.now)

    @http("POST", "/respondent/submission", scope="session", returns=schemas.FormView, raises=(Conflict,))
    def post_submission(self, tx: Transaction, call: Call) -> Any:
        """Submit one's own assessment."""
        return usecases.submit_answers(tx, call.bearer, call.now)

    @every(seconds=600)
    def forget_expired_sessions(self, begin: Any) -> bool:
        return usecases.forget_expired_sessions(begin, clock.now())

    @gauges
    def business_gauges(self, tx: Transaction) -> list[Gauge]:
        return usecases.gauges(tx, clock.now())
