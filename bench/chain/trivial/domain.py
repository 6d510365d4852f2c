"""The trivial business: what everybody in the bench computes, whatever carries the events."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_DAY = date(2026, 1, 1)
KIND = "office_audit"


def score(claimed: Sequence[Sequence[Any]]) -> int:
    """Return a number from 0 to 100 that another matrix makes another one."""
    return sum(int(cell) for row in claimed for cell in row if cell is not None) % 101


def due_on(value: int) -> date:
    """Return the day by which an audit is held."""
    return _FIRST_DAY + timedelta(days=value)


def text(kind: str, due: date) -> str:
    """Return what a notice says."""
    return f"{kind} by {due.isoformat()}"
