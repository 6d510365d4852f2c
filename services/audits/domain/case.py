"""What is known of a case key when it is decided, and the reasons that a decision gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from services.audits.domain.audit import Audit


class CaseKey(NamedTuple):
    """Supplier × category: what a risk score and an audit belong to."""

    supplier_id: UUID
    category_id: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided: a code that never changes, and what it depended on."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Say it for a person: the code in words, then each value by name."""
        # the order in which jsonb keeps keys: what is read back reads as what was told
        names = sorted(self.params, key=lambda name: (len(name), name))
        values = ", ".join(f"{name.replace('_', ' ')} {_word(self.params[name])}" for name in names)
        words = self.code.replace("_", " ")
        return f"{words} ({values})" if values else words


def _word(value: object) -> str:
    if value is None:
        return "unknown"
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def explain(reasons: tuple[Reason, ...] | list[Reason]) -> str:
    """Return the reasons as one line for a person."""
    return "; ".join(reason.text for reason in reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The newest risk of a case key, as the event gave it: score 0–100, claim_gap in points.

    assessed_at: when the self-assessment that the score takes in was completed.
    """

    score: Decimal | None
    band: str
    stage: str | None
    critical_open: int
    severe_open: int
    claim_gap: Decimal | None
    not_cooperating: bool
    recommendation: str | None
    site_known: bool
    contract_ends_on: date | None
    as_of: datetime
    assessed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The latest thing of its kind that a row led to. `bands_since`: the case's bands from its end on."""

    decision_id: UUID
    row: int | None
    outcome: str
    due_on: date | None
    ended_on: date | None = None
    bands_since: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedAudit:
    """An audit that has been reported, own or reused. `deviations`: how many it found."""

    audit_id: UUID
    kind: str
    closed: bool
    reported_on: date
    deviations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case key with all that the policy asks about."""

    key: CaseKey
    risk: Risk
    open_audit: Audit | None = None
    measures: tuple[Measure, ...] = ()
    reported: tuple[ReportedAudit, ...] = ()
