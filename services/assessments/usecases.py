"""Load -> decide -> save -> emit."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import changes, ids, links, outbox, trail
from chassis.access import Identity
from chassis.changes import Change
from chassis.errors import Invalid, Unauthorized, conflicts, found
from chassis.events import newest
from chassis.metrics import Gauge
from services.assessments import events, merging, repository, schemas
from services.assessments.domain import answers, campaign, case, scoring
from services.assessments.rules import QUESTIONNAIRE, RULES
from services.assessments.trailed import TrailedAssessment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from chassis.access import Owners
    from chassis.db import Begin, Transaction
    from chassis.events import Event, Received

_SESSIONS_AT_A_TIME = 500


def project_suppliers(tx: Transaction, batch: Sequence[Received]) -> None:
    """Keep what an invitation needs to know of suppliers."""
    repository.save_suppliers(tx, [_supplier_row(event) for event in newest(merging.take_in(tx, batch))])


def _supplier_row(event: Received) -> dict[str, Any]:
    contacts = [(contact["contact_id"], contact["role"]) for contact in event.data["contacts"]]
    return {
        "supplier_id": event.data["supplier_id"],
        "version": event.version,
        "legal_name": event.data["legal_name"],
        "contact_id": campaign.contact_to_ask(contacts, RULES.contact_roles),
        "category_ids": sorted({contract["category_id"] for contract in event.data["contracts"]}),
        "regions": campaign.regions_by_category(event.data["contracts"]),
    }


def project_categories(tx: Transaction, batch: Sequence[Received]) -> None:
    """Keep which area each category belongs to."""
    repository.save_categories(tx, [{**event.data, "version": event.version} for event in newest(batch)])


def launch_campaign(tx: Transaction, wanted: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Invite every case of a campaign, or none: every case that cannot be invited is named."""
    meant = merging.survivors(tx, {each["supplier_id"] for each in wanted["cases"]})
    keys = [
        (meant.get(each["supplier_id"], each["supplier_id"]), each["category_id"]) for each in wanted["cases"]
    ]
    suppliers = repository.lock_suppliers(tx, {supplier_id for supplier_id, _ in keys})
    taken = repository.assessed_cases(tx, suppliers, wanted["year"])
    refused = campaign.refusals(keys, suppliers, taken) | campaign.late(wanted["answer_by"], now)
    if refused:
        raise Invalid(refused)
    launched = _campaign(wanted, now)
    invited = [
        _invitation(launched, suppliers[supplier_id], category_id) for supplier_id, category_id in keys
    ]
    repository.save_campaign(tx, launched, invited)
    outbox.emit(tx, events.invited(invited))
    owners = repository.owners_of_cases(tx, keys)
    changes.note(
        tx,
        [
            Change("assessment", each.assessment_id, "created", owners[each.supplier_id, each.category_id])
            for each in invited
        ],
    )
    after = get_campaign(tx, launched["campaign_id"])
    trail.wrote(tx, "campaign", launched["campaign_id"], None, after, schema=schemas.CampaignView)
    return after


def _campaign(wanted: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "campaign_id": ids.uuid7(),
        "name": wanted["name"],
        "year": wanted["year"],
        "answer_by": campaign.last_day(wanted["answer_by"], now, RULES.answer_weeks),
        "created_at": now,
    }


def _invitation(launched: dict[str, Any], supplier: campaign.Supplier, category_id: str) -> case.Assessment:
    assert supplier.contact_id is not None, "refused before"  # noqa: S101  what refusals() has made sure of
    return case.Assessment(
        assessment_id=ids.uuid7(),
        campaign_id=launched["campaign_id"],
        supplier_id=supplier.supplier_id,
        category_id=category_id,
        year=launched["year"],
        questionnaire=f"{QUESTIONNAIRE.id} {QUESTIONNAIRE.version}",
        since=launched["created_at"],
        deadline=launched["answer_by"],
        invitation_id=ids.uuid7(),
        contact_id=supplier.contact_id,
        answers={},
    )


def get_campaign(tx: Transaction, campaign_id: UUID) -> dict[str, Any]:
    """Return a campaign with its number of assessments per state."""
    return found(repository.campaign_with_states(tx, campaign_id), "campaign")


def list_assessments(tx: Transaction, query: dict[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of assessments within the caller's reach."""
    query = merging.by_survivor(tx, query)
    return repository.assessments(tx, query, {claim: actor.limited_to(claim) for claim in ("region", "area")})


def owners_of_assessment(tx: Transaction, assessment_id: UUID) -> Owners | None:
    """Return whose an assessment is: its case's regions, and its category's area."""
    return repository.owners_of_assessment(tx, assessment_id)


def get_assessment(tx: Transaction, assessment_id: UUID) -> case.Assessment:
    """Return an assessment."""
    return found(repository.assessment(tx, assessment_id), "assessment")


def open_session(tx: Transaction, given: dict[str, Any], link_key: str, now: datetime) -> dict[str, Any]:
    """Exchange a link's code for a session; a wrong code and an unknown invitation look the same."""
    opened = repository.invitation(tx, given["invitation_id"])
    generation = opened[1] if opened else 0
    genuine = links.matches(given["code"], link_key, given["invitation_id"], generation)
    if opened is None or not genuine:
        raise Unauthorized("The link is not valid. Use the one in the latest mail.")
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(hours=RULES.session_hours)
    repository.save_session(tx, _hashed(token), opened, expires_at)
    return {"token": token, "assessment_id": opened[0], "expires_at": expires_at}


def get_form(tx: Transaction, token: str | None, now: datetime) -> dict[str, Any]:
    """Return what the respondent sees of its own case."""
    return _form(found(repository.assessment(tx, _own_case(tx, token, now)), "assessment"))


def save_answers(
    tx: Transaction, token: str | None, changes: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Merge the respondent's changes into its answers; all of them or, if one is wrong, none."""
    changes = answers.tidied(changes)
    assessment = _locked(tx, _own_case(tx, token, now))
    with conflicts(case.NotAllowedError):
        answered = case.answer(assessment, changes, now)
    wrong = answers.faults(QUESTIONNAIRE, changes, RULES.text_limit)
    if wrong:
        raise Invalid(wrong)
    _save(tx, assessment, answered, "answered")
    return _form(answered)


def submit_answers(tx: Transaction, token: str | None, now: datetime) -> dict[str, Any]:
    """Close the form and keep the matrix that the answers claim."""
    assessment = _locked(tx, _own_case(tx, token, now))
    with conflicts(case.NotAllowedError):
        submitted = case.submit(assessment, scoring.assess(QUESTIONNAIRE, assessment.answers), now)
    _save(tx, assessment, submitted, "submitted")
    return _form(submitted)


def start_review(tx: Transaction, assessment_id: UUID, now: datetime) -> case.Assessment:
    """Take a submitted assessment up for review."""
    assessment = _locked(tx, assessment_id)
    with conflicts(case.NotAllowedError):
        reviewed = case.review(assessment, now)
    _save(tx, assessment, reviewed, "taken up")
    return reviewed


def complete_review(
    tx: Transaction, assessment_id: UUID, outcome: dict[str, Any], now: datetime
) -> case.Assessment:
    """Close the review; the chain of events starts here."""
    assessment, verdict = _locked(tx, assessment_id), case.Verdict(**outcome)
    with conflicts(case.NotAllowedError):
        completed = case.complete(assessment, verdict, now, RULES.valid_years)
    unflagged = case.unflagged(assessment, verdict)
    if unflagged:
        raise Invalid(unflagged)
    _save(tx, assessment, completed, "completed")
    outbox.emit(tx, [events.completed(completed)])
    return completed


def _save(tx: Transaction, before: case.Assessment, after: case.Assessment, action: str) -> None:
    """Save what a person made of an assessment, with a trace of it; of the answers only those that differ."""
    repository.save_assessment(tx, after)
    owners = repository.owners_of_assessment(tx, after.assessment_id)
    told = [
        replace(one, answers={k: v for k, v in one.answers.items() if other.answers.get(k) != v})
        for one, other in ((before, after), (after, before))
    ]
    trail.wrote(
        tx, "assessment", after.assessment_id, *told, schema=TrailedAssessment, owners=owners, action=action
    )


def completed_cases(tx: Transaction, after: str | None, rows: int) -> list[Event]:
    """Return what a resync tells: each case's latest completed assessment, by subject."""
    supplier_id, _, category_id = (after or "").partition("/")
    cases = repository.completed_cases(tx, (UUID(supplier_id), category_id) if after else None, rows)
    return [events.completed(each) for each in cases]


def forget_expired_sessions(begin: Begin, now: datetime) -> bool:
    """Delete expired sessions; return whether there may be more."""
    with begin() as tx:
        return repository.forget_sessions(tx, now, _SESSIONS_AT_A_TIME) == _SESSIONS_AT_A_TIME


def gauges(tx: Transaction, now: datetime) -> list[Gauge]:
    """Return how many assessments are in each state, and how many the respondents are late with."""
    counts = repository.state_counts(tx, now.date())
    overdue = sum(late for state, (_, late) in counts.items() if state in case.AWAITED)
    return [
        *(
            Gauge("assessments", "Assessments by state.", {"state": state}, total)
            for state, (total, _) in counts.items()
        ),
        Gauge("assessments_overdue", "Unanswered assessments past their last day.", {}, overdue),
    ]


def _own_case(tx: Transaction, token: str | None, now: datetime) -> UUID:
    """Return the one case that a respondent's token opens."""
    own = repository.session_assessment_id(tx, _hashed(token), now) if token else None
    if own is None:
        raise Unauthorized("The session has ended. Open the link in the mail again.")
    tx.actor = _respondent(own)
    return own


def _respondent(assessment_id: UUID) -> Identity:
    """Return who answers an assessment: whoever its contact has let in; nobody else is known here."""
    name = f"respondent:{assessment_id}"
    return Identity(subject=name, client=name, role="respondent", scopes=frozenset(), view="public")


def _form(assessment: case.Assessment) -> dict[str, Any]:
    visible = answers.visible(QUESTIONNAIRE, assessment.answers)
    shown = (
        "assessment_id",
        "legal_name",
        "category_id",
        "year",
        "state",
        "deadline",
        "editable",
        "submitted_at",
    )
    return {
        **{name: getattr(assessment, name) for name in shown},
        "answers": assessment.answers,
        "visible": [question.id for question in visible],
        "completeness": scoring.completeness(visible, assessment.answers),
    }


def _locked(tx: Transaction, assessment_id: UUID) -> case.Assessment:
    return found(repository.lock_assessment(tx, assessment_id), "assessment")


def _hashed(token: str) -> str:
    """Return what is stored of a token. It is long and random: a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()
