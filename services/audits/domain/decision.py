"""From a case to a decision: the first matching row that doesn't rest wins, then meets what stands already.

DOMAIN.md, "Audit policy". Every function is pure; days are counted from the score's `as_of`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.audits.domain import dates, hindrances
from services.audits.domain.case import Decision, Effect, Reason
from services.audits.domain.policy import AUDITS

if TYPE_CHECKING:
    from services.audits.domain.case import Case, Measure
    from services.audits.domain.dates import WorkdayTest
    from services.audits.domain.policy import Fact, Policy, Row


def decide(case: Case, policy: Policy, is_workday: WorkdayTest) -> Decision:
    """Return what the policy makes of a case as it stands."""
    day = dates.local_date(case.risk.as_of, policy.time_zone)
    rests: list[Reason] = []
    calls = [_call(row, case, policy, day, is_workday) for row in matching(case, policy)]
    for call in calls:
        rest = hindrances.rest(call, case, policy, day)
        if rest is None:
            decision = _settle(replace(call, reasons=(*call.reasons, *rests)), case, policy, day)
            return _with_consequences(decision, case, policy)
        rests.append(rest)
    decision = _held(calls[0], "suppressed", *rests) if calls else _no_row(case, policy)
    return _with_consequences(decision, case, policy)


def matching(case: Case, policy: Policy) -> list[Row]:
    """Return the rows whose conditions hold, in order."""
    risk = case.risk
    day = dates.local_date(risk.as_of, policy.time_zone)
    facts: dict[str, Fact] = {
        "band": risk.band,
        "severe_open": risk.severe_open,
        "critical_open": risk.critical_open,
        "claim_gap": risk.claim_gap,
        "not_cooperating": risk.not_cooperating,
        "assessed": risk.stage is not None,
        "office_audit_had_deviations": hindrances.office_audit_had_deviations(case, policy, day),
    }
    return [row for row in policy.rows if row.matches(facts)]


def _call(row: Row, case: Case, policy: Policy, day: date, is_workday: WorkdayTest) -> Decision:
    """Say what a row calls for: its outcome, made stricter by the recommendation, with the site it needs."""
    base = row.without_site if row.without_site and not case.risk.site_known else row.then
    asked, weeks, remarks = _recommended(row, base, case, policy)
    outcome, weeks, site_remarks = _with_site(row, asked, weeks, case, policy)
    held_within = None if weeks is None else dates.deadline(day, weeks, is_workday)
    decides_in = row.decide_within_working_days
    personal = outcome == "person_decides" and decides_in is not None
    return Decision(
        row=row.number,
        rule=f"{policy.version}/{row.number}{'' if asked == base else '+recommendation'}",
        asked=asked,
        outcome=outcome,
        due_on=dates.working_days_later(day, decides_in or 0, is_workday) if personal else held_within,
        proposal=row.proposal if personal else None,
        proposal_due_on=held_within if personal else None,
        reasons=(_match(row, case), *remarks, *site_remarks),
        listed=personal or bool(remarks),
    )


def _match(row: Row, case: Case) -> Reason:
    """Name the row, the score, and the values of the facts that the row looks at."""
    seen = {condition.fact: getattr(case.risk, condition.fact, True) for condition in row.when}
    return Reason(row.name, {"row": row.number, "score": case.risk.score, **seen})


def _recommended(
    row: Row, base: str, case: Case, policy: Policy
) -> tuple[str, int | None, tuple[Reason, ...]]:
    """Let the office's recommendation make the row's outcome stricter, never milder; name any difference."""
    wanted = case.risk.recommendation
    if wanted is None or wanted == (row.proposal or row.then):
        return base, row.weeks, ()
    params = {"policy": row.proposal or row.then, "recommendation": wanted}
    if policy.strength[wanted] <= policy.strength[base]:
        return base, row.weeks, (Reason("recommendation_differs", params),)
    weeks = min(policy.recommended_weeks[wanted], row.weeks or policy.recommended_weeks[wanted])
    return wanted, weeks, (Reason("stricter_by_recommendation", params),)


def _with_site(
    row: Row, asked: str, weeks: int | None, case: Case, policy: Policy
) -> tuple[str, int | None, tuple[Reason, ...]]:
    """Put a transparency request before an audit whose site nobody knows; then an office audit."""
    rule = policy.without_site
    if asked != rule.instead_of or case.risk.site_known:
        return asked, weeks, ()
    requests = [m for m in case.measures if m.row == row.number and m.outcome == rule.first]
    if any(request.ended_on is not None for request in requests):
        return rule.then, weeks, (Reason("site_still_unknown_after_request", {"instead_of": asked}),)
    return rule.first, rule.first_weeks, (Reason("site_unknown_request_comes_first", {"instead_of": asked}),)


def _settle(call: Decision, case: Case, policy: Policy, day: date) -> Decision:
    """Meet what is called for with what is open, with what hinders it, or open something new."""
    if call.outcome in ("none", "notice"):
        return call
    standing = hindrances.standing(call, case, policy)
    if standing is not None:
        return _joined(call, *standing)
    hindrance = hindrances.valid_audit(call, case, policy, day)
    if hindrance is not None:
        return _held(call, "suppressed", hindrance)
    hindrance = hindrances.contract_time(call, case, policy, day)
    if hindrance is not None:
        return replace(_held(call, "listed", hindrance), listed=True)
    if call.outcome in AUDITS and case.open_audit is not None:
        return _upgraded(call, case)
    return replace(call, effect="opened")


def _joined(call: Decision, joins: UUID, due_on: date | None, why: Reason) -> Decision:
    """Add a cause to what is open; its own date stands."""
    return replace(call, effect="joined", joins=joins, due_on=due_on, reasons=(*call.reasons, why))


def _held(call: Decision, effect: Effect, *why: Reason) -> Decision:
    """Let nothing come of a call, and say why."""
    return replace(call, effect=effect, outcome="none", due_on=None, reasons=(*call.reasons, *why))


def _upgraded(call: Decision, case: Case) -> Decision:
    """Let the open audit serve the stronger cause, by the earlier of the two dates."""
    audit = case.open_audit
    assert audit is not None  # noqa: S101  the caller has looked
    due_on = min(audit.due_on, call.due_on or audit.due_on)
    if not audit.movable:
        why = Reason("open_audit_too_far_to_upgrade", {"audit_id": audit.audit_id, "state": audit.state})
        return replace(_joined(call, audit.audit_id, audit.due_on, why), listed=True)
    why = Reason("upgrades_open_audit", {"audit_id": audit.audit_id, "kind_before": audit.kind})
    return replace(call, effect="upgraded", joins=audit.audit_id, due_on=due_on, reasons=(*call.reasons, why))


def _no_row(case: Case, policy: Policy) -> Decision:
    why = Reason("no_row_applies", {"band": case.risk.band, "stage": case.risk.stage})
    return Decision(row=None, rule=f"{policy.version}/none", asked="none", outcome="none", reasons=(why,))


def _with_consequences(decision: Decision, case: Case, policy: Policy) -> Decision:
    """Add what the decision means for what else is open: measures that end, an audit no longer called for."""
    ends = tuple(
        m.decision_id for m in case.measures if m.ended_on is None and _is_over(m, decision, case, policy)
    )
    why = hindrances.planned_without_contract(case, ends)
    if not why and hindrances.better_than_audit(decision, case, policy):
        why = [_better(case)]
    if not why:
        return replace(decision, ends=ends)
    return replace(
        decision, ends=ends, proposes_cancellation=True, listed=True, reasons=(*decision.reasons, *why)
    )


def _better(case: Case) -> Reason:
    audit = case.open_audit
    assert audit is not None  # noqa: S101  better_than_audit compares with it
    params = {"audit_id": audit.audit_id, "score": case.risk.score, "score_before": audit.score}
    return Reason("cancellation_proposed", params)


def _is_over(measure: Measure, decision: Decision, case: Case, policy: Policy) -> bool:
    """A request ends when a site is known; a person's decision when its row no longer decides."""
    if measure.outcome == policy.without_site.first:
        return case.risk.site_known
    return measure.outcome == "person_decides" and measure.row != decision.row
