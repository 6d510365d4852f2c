"""The nouns: what is known of a case key when it is decided, and what is decided, with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.audits.domain.policy import AUDITS

# state -> what may be done in it -> the state after
TRANSITIONS: dict[str, dict[str, str]] = {
    "provisional": {"confirm": "confirmed", "cancel": "cancelled"},
    "confirmed": {"cancel": "cancelled"},
    "documents_requested": {},
    "held": {},
    "draft_report": {},
    "supplier_commented": {},
    "reported": {},
    "deviations_open": {},
    "closed": {},
    "cancelled": {},
}
STATES = tuple(TRANSITIONS)

Effect = Literal["none", "opened", "joined", "upgraded", "suppressed", "listed"]


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
class Audit:
    """An audit. `causes`: the events that led to it; `score`: the case's when it was scheduled or upgraded.

    `reasons`: the decision's, then the slot's. `due_on`: hold it by then; `starts_on` may be later, and the
    reasons say why. `confirm_on`: the day on which it confirms itself, unless a person was faster.
    """

    audit_id: UUID
    supplier_id: UUID
    category_id: str
    kind: str
    state: str
    starts_on: date
    due_on: date
    auditor_id: UUID | None
    announced: bool
    policy_row: int | None
    rule: str
    reasons: tuple[Reason, ...]
    causes: tuple[UUID, ...]
    score: Decimal | None
    confirm_on: date
    correlation_id: str
    created_at: datetime
    confirmed_at: datetime | None = None
    cancellation_proposed: bool = False
    ended_on: date | None = None
    end_reason: str | None = None

    @property
    def key(self) -> CaseKey:
        """Return the case key that the audit serves."""
        return CaseKey(self.supplier_id, self.category_id)

    @property
    def movable(self) -> bool:
        """Tell whether nothing but the calendar knows of it yet."""
        return "cancel" in TRANSITIONS[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case key with all that the policy asks about. `contracted`: there is a contract of this category."""

    key: CaseKey
    risk: Risk
    open_audit: Audit | None = None
    measures: tuple[Measure, ...] = ()
    reported: tuple[ReportedAudit, ...] = ()
    contracted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a risk leads to. `asked`: what was called for; `outcome`: what comes of it.

    effect: opened (something new), joined (what is open covers it), upgraded (the open audit now covers it),
    suppressed (a valid audit, or the row rests), listed (too little contract time: a person looks), none.
    `joins`: the open audit's or measure's id. `ends`: measures that it ends. `listed`: a person should look.
    """

    row: int | None
    rule: str
    asked: str
    outcome: str
    effect: Effect = "none"
    due_on: date | None = None
    proposal: str | None = None
    proposal_due_on: date | None = None
    reasons: tuple[Reason, ...] = ()
    listed: bool = False
    joins: UUID | None = None
    ends: tuple[UUID, ...] = ()
    proposes_cancellation: bool = False

    @property
    def needs_slot(self) -> bool:
        """Tell whether an audit has to find a place in somebody's calendar."""
        return self.outcome in AUDITS and self.effect in ("opened", "upgraded")


def regions_by_category(contracts: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the regions that have a contract with a supplier, by category: whose each of its cases is."""
    found: dict[str, set[str]] = {}
    for contract in contracts:
        found.setdefault(contract["category_id"], set()).update(contract["regions"])
    return {category_id: sorted(regions) for category_id, regions in found.items()}
