"""What can stand in a row's way: rest, an open audit or measure, a valid audit, too little contract time."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.audits.domain import dates
from services.audits.domain.case import Reason
from services.audits.domain.policy import AUDITS, BANDS, MEASURES, PLANNED

if TYPE_CHECKING:
    from services.audits.domain.case import Audit, Case, Decision, Measure, ReportedAudit
    from services.audits.domain.policy import Policy, Row

_OUTCOMES = {kind: outcome for outcome, kind in AUDITS.items()}


def rest(call: Decision, case: Case, policy: Policy, day: date) -> Reason | None:
    """Return why a row doesn't fire again: what it led to ended recently, and nothing new has come since."""
    if standing(call, case, policy) is not None:
        return None
    for measure in case.measures:
        if measure.ended_on is None or not _led_to(call, measure, policy):
            continue
        until = dates.months_later(measure.ended_on, policy.rest_months)
        if day < until and not _something_new(measure, case, policy):
            return Reason("row_rests", {"row": call.row, "ended_on": measure.ended_on, "until": until})
    return None


def _led_to(call: Decision, measure: Measure, policy: Policy) -> bool:
    """Tell whether the measure is what the row led to; a request before an audit is only its first step."""
    site = policy.without_site
    first_step = measure.outcome == site.first and call.asked == site.instead_of
    return measure.row == call.row and measure.outcome in MEASURES and not first_step


def _something_new(measure: Measure, case: Case, policy: Policy) -> bool:
    """Tell whether the band has risen, or an assessment was completed, since the measure ended."""
    completed = case.risk.assessed_at
    if completed and measure.ended_on and dates.local_date(completed, policy.time_zone) > measure.ended_on:
        return True
    places = [BANDS.index(band) for band in measure.bands_since if band in BANDS]
    return bool(places) and case.risk.band in BANDS and BANDS.index(case.risk.band) > min(places)


def standing(call: Decision, case: Case, policy: Policy) -> tuple[UUID, date | None, Reason] | None:
    """Return (id, due_on, why) of what is open and covers the call already."""
    audit = case.open_audit
    if call.outcome in AUDITS:
        if audit is None or not _covers(audit, call, policy):
            return None
        return audit.audit_id, audit.due_on, Reason("audit_already_open", {"audit_id": audit.audit_id})
    for measure in case.measures:
        if (measure.row, measure.outcome, measure.ended_on) == (call.row, call.outcome, None):
            return measure.decision_id, measure.due_on, Reason("already_open", {"since": measure.decision_id})
    return None


def _covers(audit: Audit, call: Decision, policy: Policy) -> bool:
    """A stronger audit covers any call; one of the same kind a call that wants it no sooner."""
    has, wants = policy.strength[_OUTCOMES[audit.kind]], policy.strength[call.outcome]
    return has > wants or (has == wants and call.due_on is not None and call.due_on >= audit.due_on)


def valid_audit(call: Decision, case: Case, policy: Policy, day: date) -> Reason | None:
    """Return why a row is suppressed: an equal or stronger audit without deviations is still valid."""
    if not _row(call, policy).suppressed_by_valid_audit:
        return None
    wanted = policy.strength[call.outcome if call.outcome in AUDITS else call.asked]
    for audit in case.reported:
        clean = audit.closed and audit.deviations == 0
        if clean and policy.strength[_OUTCOMES[audit.kind]] >= wanted and _in_force(audit, policy, day):
            return Reason(
                "valid_audit",
                {"audit_id": audit.audit_id, "kind": audit.kind, "reported_on": audit.reported_on},
            )
    return None


def contract_time(call: Decision, case: Case, policy: Policy, day: date) -> Reason | None:
    """Return why a row is not scheduled: the contract ends too soon, or there is none any more.

    An unknown end counts as long. Where a person decides, that person looks at contracts too.
    """
    if not case.contracted and call.outcome in MEASURES:
        return Reason("no_contract_is_left")
    ends_on = case.risk.contract_ends_on
    if not _row(call, policy).needs_contract_time or ends_on is None:
        return None
    if ends_on >= dates.months_later(day, policy.contract_months):
        return None
    return Reason("contract_ends_too_soon", {"contract_ends_on": ends_on, "months": policy.contract_months})


def office_audit_had_deviations(case: Case, policy: Policy, day: date) -> bool:
    """Tell whether an office audit that is still in force found any."""
    return any(a.kind == "office" and a.deviations > 0 and _in_force(a, policy, day) for a in case.reported)


def better_than_audit(decision: Decision, case: Case, policy: Policy) -> bool:
    """Tell whether the open audit has lost its cause: the score is better, and no row calls for it."""
    audit, score = case.open_audit, case.risk.score
    if audit is None or audit.score is None or score is None:
        return False
    return audit.movable and decision.asked in policy.cancellation_proposed_by and score < audit.score


def planned_without_contract(case: Case, ended: tuple[UUID, ...]) -> list[Reason]:
    """Name what is planned of a case that no contract is left of, but for what has `ended` just now."""
    if case.contracted:
        return []
    audits = [case.open_audit] if case.open_audit and case.open_audit.movable else []
    measures = [m for m in case.measures if m.outcome in PLANNED and m.ended_on is None]
    named = [{"audit_id": audit.audit_id} for audit in audits]
    named += [{"since": m.decision_id} for m in measures if m.decision_id not in ended]
    return [Reason("cancellation_proposed_since_no_contract_is_left", params) for params in named]


def _in_force(audit: ReportedAudit, policy: Policy, day: date) -> bool:
    return day <= dates.months_later(audit.reported_on, 12 * policy.valid_audit_years)


def _row(call: Decision, policy: Policy) -> Row:
    return next(row for row in policy.rows if row.number == call.row)
