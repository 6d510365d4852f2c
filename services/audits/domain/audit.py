"""An audit from its scheduling to its confirmation or cancellation; the later states have names only, so far.

provisional -> confirmed -> documents_requested -> held -> draft_report -> supplier_commented -> reported
-> deviations_open -> closed     (provisional and confirmed ones can be cancelled, and moved)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.audits.domain.case import TRANSITIONS, Audit
from services.audits.domain.policy import AUDITS

if TYPE_CHECKING:
    from services.audits.domain.case import Case, Decision
    from services.audits.domain.planning import Diary


class NotAllowedError(ValueError):
    """The state does not allow the action; the message says what it does allow."""

    def __init__(self, state: str, action: str) -> None:
        """Name what was tried and what may be done instead."""
        allowed = ", ".join(TRANSITIONS[state]) or "nothing more"
        super().__init__(f"cannot {action} an audit that is {state}; allowed: {allowed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a new or changed audit takes from the moment: its causes, and how it is confirmed.

    at_once: it is confirmed in the same breath; otherwise by itself on `confirm_on`.
    """

    audit_id: UUID
    causes: tuple[UUID, ...]
    correlation_id: str
    now: datetime
    confirm_on: date
    at_once: bool


def after(decision: Decision, case: Case, diary: Diary, occasion: Occasion) -> Audit | None:
    """Return the case's open audit as the decision leaves it; None where there is none."""
    if decision.effect == "opened" and decision.outcome in AUDITS:
        return _schedule(decision, case, diary, occasion)
    if case.open_audit is None:
        return None
    proposed = decision.proposes_cancellation and case.open_audit.movable
    audit = replace(case.open_audit, cancellation_proposed=proposed)
    if decision.joins != audit.audit_id:
        return audit
    audit = replace(audit, causes=_merged(audit.causes, occasion.causes))
    return _upgrade(audit, decision, case, diary, occasion) if decision.effect == "upgraded" else audit


def _schedule(decision: Decision, case: Case, diary: Diary, occasion: Occasion) -> Audit:
    kind = AUDITS[decision.outcome]
    due_on = _due(decision)
    slot = diary.book(kind, due_on)
    return Audit(
        audit_id=occasion.audit_id,
        supplier_id=case.key.supplier_id,
        category_id=case.key.category_id,
        kind=kind,
        state="confirmed" if occasion.at_once else "provisional",
        starts_on=slot.starts_on,
        due_on=due_on,
        auditor_id=slot.auditor_id,
        announced=diary.announced(kind),
        policy_row=decision.row,
        rule=decision.rule,
        reasons=(*decision.reasons, slot.reason),
        causes=occasion.causes,
        score=case.risk.score,
        confirm_on=occasion.confirm_on,
        correlation_id=occasion.correlation_id,
        created_at=occasion.now,
        confirmed_at=occasion.now if occasion.at_once else None,
    )


def _upgrade(audit: Audit, decision: Decision, case: Case, diary: Diary, occasion: Occasion) -> Audit:
    """Give the open audit the stronger cause; it moves only if it must, and then has to be confirmed anew."""
    due_on = _due(decision)
    if audit.kind == AUDITS[decision.outcome] and audit.starts_on <= due_on:
        reasons = (*decision.reasons, audit.reasons[-1])
        stronger = replace(audit, policy_row=decision.row, rule=decision.rule, score=case.risk.score)
        return replace(stronger, due_on=due_on, reasons=reasons)
    diary.release(audit.auditor_id, audit.starts_on)
    moved = _schedule(decision, case, diary, replace(occasion, audit_id=audit.audit_id, causes=audit.causes))
    return replace(moved, created_at=audit.created_at)


def _due(decision: Decision) -> date:
    assert decision.due_on is not None  # noqa: S101  rules.py refuses a row that leads to an audit without weeks
    return decision.due_on


def _merged(causes: tuple[UUID, ...], more: tuple[UUID, ...]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys((*causes, *more)))


def confirm(audit: Audit, now: datetime) -> Audit:
    """Make a provisional audit certain; raise NotAllowedError."""
    return replace(audit, state=_state_after(audit, "confirm"), confirmed_at=now, cancellation_proposed=False)


def cancel(audit: Audit, reason: str, today: date) -> Audit:
    """End an audit before it is held; raise NotAllowedError."""
    return replace(audit, state=_state_after(audit, "cancel"), ended_on=today, end_reason=reason)


def _state_after(audit: Audit, action: str) -> str:
    if action not in TRANSITIONS[audit.state]:
        raise NotAllowedError(audit.state, action)
    return TRANSITIONS[audit.state][action]


def is_news(audit: Audit, before: Audit | None) -> bool:
    """Tell whether others must hear of it: it is new, or has another kind, day or auditor than before."""
    if before is None:
        return True
    return (audit.kind, audit.starts_on, audit.auditor_id) != (
        before.kind,
        before.starts_on,
        before.auditor_id,
    )
