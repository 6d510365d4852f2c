"""The product's own business: validated answers, an explained score, the audit policy and plan, the audience.

All of its pure functions, as the product calls them; what it reads of tables (the category, values of
countries, auditors) is the same for all cases here and held in memory, by everybody alike.
"""

from __future__ import annotations

from functools import cache
from threading import get_ident
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from bench.chain.business import Planned, Scored
from chassis import clock, sql
from services.audits import events as audits_events
from services.audits.domain import audit as lifecycle
from services.audits.domain import dates
from services.audits.domain.case import Case, CaseKey, Risk
from services.audits.domain.decision import decide
from services.audits.domain.planning import Auditor, Diary
from services.audits.rules import PLANNING, POLICY
from services.audits.working_days import is_workday
from services.notifications import domain as notifications
from services.notifications import events as notifications_events
from services.notifications.rules import MATRIX
from services.suppliers import domain as suppliers
from services.suppliers import events as suppliers_events
from services.suppliers import rulebook
from services.suppliers.domain.facts import Facts, Judgement
from services.suppliers.domain.score import score_of
from services.suppliers.domain.work import work
from services.suppliers.repository import terms
from tests.e2e import scene

Assessment = suppliers_events.AssessmentCompleted
ScoreTold = suppliers_events.SupplierRiskRescored
Score = audits_events.SupplierRiskRescored
AuditTold = audits_events.AuditConfirmed
Audit = notifications_events.AuditConfirmed

_RISK = tuple(Risk.__dataclass_fields__)
_COUNTRIES = ("BD", "PK")
_SUPPLIER = notifications.Supplier(contacts=(("contact", "sustainability"),), regions={"bench": ("01",)})


@cache
def _rules() -> Any:
    return rulebook.rules(rulebook.PACKAGED_RULES)


@cache
def _exposed(day: Any) -> tuple[Any, Any]:
    """Return where and what the goods of all cases are, and the inherent risk of that."""
    entry = {"likelihood": 5, "severity": 5, "valid_until": "2099-12-31"}
    inputs = {
        "sites": [{"tier": tier, "country": country} for tier, country in enumerate(_COUNTRIES)],
        "analysis": [entry] * 4,
        "indices": {
            index: {each: values[each] for each in _COUNTRIES if each in values}
            for index, (_, values) in scene.newest_values().items()
        },
    }
    return suppliers.Inherents(_rules(), day).of(inputs)


def scored(data: dict[str, Any]) -> Scored:
    """Score a case by its self-assessment, with every term."""
    now = clock.now()
    today = suppliers.utc_day(now)
    exposure, inherent = _exposed(today)
    judgement = Judgement(
        state=data["state"],
        stage=data["stage"],
        claimed=tuple(map(tuple, data["claimed"])),
        judged=tuple(map(tuple, data["judged"])),
        critical=tuple(data["critical"]),
        recommendation=data["recommendation"],
        completed_at=data["completed_at"],
        valid_until=suppliers.utc_day(data["valid_until"]),
    )
    own = work(Facts(exposure, judgement, (), ()), today)
    found = score_of(exposure, inherent, own, _rules(), today)
    explained = f'{{"areas":{terms.areas(found.areas)},"work":{terms.work(found)}}}'
    return Scored(found.score or 0, explained, (found, now))


def told_score(key: tuple[UUID, str], given: Scored, previous: Any) -> dict[str, Any]:
    """Return what is told of a score."""
    found, now = given.rest
    before = suppliers.Previous(previous, suppliers.band(previous, _rules()), ())
    case = SimpleNamespace(key=key, previous=before, contract_ends_on=None)
    changed = before.band != found.band
    rescored = SimpleNamespace(
        case=case, score=found, rule_set=rulebook.PACKAGED_RULES, as_of=now, changed=changed
    )
    return dict(suppliers_events.supplier_risk_rescored(rescored, [], []).data)  # type: ignore[arg-type]


@cache
def _diary(today: Any, _thread: int) -> Diary:
    """Return the calendar of forty auditors, which fills while the process lives; each thread has its own."""
    auditors = [Auditor(UUID(int=number), ("office", "factory"), 50) for number in range(1, 41)]
    return Diary(auditors, {}, PLANNING, today, is_workday)


def planned(data: dict[str, Any], audit_id: UUID, cause: UUID) -> Planned:
    """Decide a case by the audit policy, and book what it asks for."""
    now = clock.now()
    today = dates.local_date(now, POLICY.time_zone)
    key = CaseKey(data["supplier_id"], data["category_id"])
    case = Case(key=key, risk=Risk(**{name: data[name] for name in _RISK}))
    occasion = lifecycle.Occasion(
        audit_id=audit_id,
        causes=(cause,),
        correlation_id=str(cause),
        now=now,
        confirm_on=today,
        at_once=True,
    )
    audit = lifecycle.after(decide(case, POLICY, is_workday), case, _diary(today, get_ident()), occasion)
    if audit is None:
        raise ValueError(f"{key} leads to no audit: its risk is not as high as it was made to be")
    told = audits_events.confirmed(audit, correlation_id=audit.correlation_id).data
    return Planned(audit.kind, audit.due_on, sql.document(audit.reasons), dict(told))


def noticed(data: dict[str, Any], event_id: UUID) -> str:
    """Return who hears of an audit."""
    occasion = notifications.Occasion(
        event_id, "audit_confirmed", data["supplier_id"], data["category_id"], data
    )
    people, _ = notifications.audience(occasion, _SUPPLIER, MATRIX["audit_confirmed"])
    return ", ".join(f"{kind} {identifier}" for kind, identifier in people)
