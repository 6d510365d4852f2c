"""The case's states, and what completing it decides.

invited -> in_progress -> submitted -> under_review -> completed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.assessments.domain.scoring import Matrix

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


@dataclass(frozen=True)
class Completion:
    """A review's outcome. `judged` is null when no cell was judged; `critical`: flags still unresolved."""

    stage: str
    judged: Matrix | None
    critical: list[str]
    valid_until: datetime


def complete(
    judged: Matrix | None,
    critical: Sequence[str],
    resolved: Sequence[str],
    *,
    completed_at: datetime,
    valid_years: int,
) -> Completion:
    """Decide what a review leaves: a grid of nulls judges nothing, so the claim alone stands."""
    seen = judged if judged and any(cell is not None for row in judged for cell in row) else None
    return Completion(
        stage="reviewed" if seen else "self_declared",
        judged=seen,
        critical=[name for name in critical if name not in resolved],
        valid_until=years_later(completed_at, valid_years),
    )


def unflagged(critical: Sequence[str], resolved: Sequence[str]) -> dict[str, str]:
    """Return, by JSON pointer, each question said to be resolved that raised no flag."""
    return {
        f"/resolved_critical/{place}": f"{name} has no critical flag here"
        for place, name in enumerate(resolved)
        if name not in critical
    }


def years_later(moment: datetime, years: int) -> datetime:
    """Return the same date and time `years` on; 29 February becomes the 28th where the year lacks it."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)
