"""The case: one supplier's assessment in one category and year, and the steps that it can take.

invited -> in_progress -> submitted -> under_review -> completed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.assessments.domain.scoring import Matrix, Result

# state -> what may be done in it -> the state after
TRANSITIONS = {
    "invited": {"answer": "in_progress"},
    "in_progress": {"answer": "in_progress", "submit": "submitted"},
    "submitted": {"review": "under_review"},
    "under_review": {"complete": "completed"},
    "completed": {},
}
STATES = tuple(TRANSITIONS)
AWAITED = ("invited", "in_progress")  # the respondent has the next word: these can become overdue
STAGES = ("self_declared", "reviewed")
RECOMMENDATIONS = ("none", "dialogue", "office_audit", "factory_audit")


class NotAllowedError(ValueError):
    """The state does not allow the action; the message says what it does allow."""

    def __init__(self, state: str, action: str) -> None:
        """Name what was tried and what may be done instead."""
        allowed = ", ".join(TRANSITIONS[state]) or "nothing more"
        super().__init__(f"cannot {action} an assessment that is {state}; allowed: {allowed}")


def after(state: str, action: str) -> str:
    """Return the state after the action; raise NotAllowedError."""
    if action not in TRANSITIONS[state]:
        raise NotAllowedError(state, action)
    return TRANSITIONS[state][action]


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A case as it stands. `since`: in this state since; `deadline`: the last (UTC) day to answer.

    Set on submission: `claimed` (PR1–PR7 by area, 0–100 or null), `completeness` (0–100), `critical` (every
    flag raised). Set on completion: `judged`, `recommendation`, `resolved_critical`, `valid_until`.
    """

    assessment_id: UUID
    campaign_id: UUID
    supplier_id: UUID
    legal_name: str = ""
    category_id: str
    year: int
    questionnaire: str
    state: str = "invited"
    since: datetime
    deadline: date
    invitation_id: UUID
    generation: int = 1
    contact_id: UUID
    answers: Mapping[str, Any]
    submitted_at: datetime | None = None
    claimed: Matrix | None = None
    completeness: Decimal | None = None
    critical: Sequence[str] = ()
    severe_reported: bool = False
    judged: Matrix | None = None
    resolved_critical: Sequence[str] = ()
    recommendation: str | None = None
    completed_at: datetime | None = None
    valid_until: datetime | None = None

    @property
    def stage(self) -> str | None:
        """What stands behind the matrix, once completed."""
        if self.completed_at is None:
            return None
        return "reviewed" if self.judged else "self_declared"

    @property
    def open_critical(self) -> list[str]:
        """The critical flags that no review has resolved."""
        return [name for name in self.critical if name not in self.resolved_critical]

    @property
    def editable(self) -> bool:
        """Whether the respondent may still answer."""
        return self.state in AWAITED


def answer(assessment: Assessment, changes: Mapping[str, Any], now: datetime) -> Assessment:
    """Merge changed answers; null removes one. Raises NotAllowedError, as every step below."""
    state = after(assessment.state, "answer")
    merged = {**assessment.answers, **changes}
    kept = {name: given for name, given in merged.items() if given is not None}
    since = assessment.since if state == assessment.state else now
    return replace(assessment, state=state, since=since, answers=kept)


def submit(assessment: Assessment, result: Result, now: datetime) -> Assessment:
    """Fix what the supplier claims."""
    return replace(
        assessment,
        state=after(assessment.state, "submit"),
        since=now,
        submitted_at=now,
        claimed=result.claimed,
        completeness=result.completeness,
        critical=result.critical,
        severe_reported=result.severe_reported,
    )


def review(assessment: Assessment, now: datetime) -> Assessment:
    """Take it up for review."""
    return replace(assessment, state=after(assessment.state, "review"), since=now)


@dataclass(frozen=True)
class Verdict:
    """What a reviewer decides: `judged` has null where no evidence supports a value."""

    judged: Matrix | None
    recommendation: str
    resolved_critical: Sequence[str]


def complete(assessment: Assessment, verdict: Verdict, now: datetime, valid_years: int) -> Assessment:
    """Close the review; a grid of nulls judges nothing, so the claim alone stands."""
    judges = any(cell is not None for row in verdict.judged or () for cell in row)
    return replace(
        assessment,
        state=after(assessment.state, "complete"),
        since=now,
        judged=verdict.judged if judges else None,
        recommendation=verdict.recommendation,
        resolved_critical=verdict.resolved_critical,
        completed_at=now,
        valid_until=years_later(now, valid_years),
    )


def unflagged(assessment: Assessment, verdict: Verdict) -> dict[str, str]:
    """Return, by JSON pointer, each question said to be resolved that raised no flag."""
    return {
        f"/resolved_critical/{place}": "has no critical flag here"
        for place, name in enumerate(verdict.resolved_critical)
        if name not in assessment.critical
    }


def years_later(moment: datetime, years: int) -> datetime:
    """Return the same date and time `years` on; 29 February becomes the 28th where the year lacks it."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)
