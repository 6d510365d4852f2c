"""Between the tables and the domain; the only reader of queries.sql."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from chassis.ids import uuid7
from services.audits import schemas
from services.audits.domain.case import (
    Audit,
    Case,
    CaseKey,
    Decision,
    Measure,
    Reason,
    ReportedAudit,
    Risk,
    explain,
)
from services.audits.domain.planning import Auditor
from services.audits.domain.policy import AUDITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from chassis.access import Owners
    from chassis.db import Transaction
    from chassis.events import Received

queries: Any = sql.load(__file__)

# Whose a list shows: nobody's in particular
_ANYBODYS = dict.fromkeys(("region", "area", "auditor_id"))
_RISK = [field.name for field in fields(Risk)]
_AUDIT = [field.name for field in fields(Audit)]
_AS_DECIDED = (
    "rule",
    "asked",
    "outcome",
    "effect",
    "due_on",
    "proposal",
    "proposal_due_on",
    "listed",
    "proposes_cancellation",
    "reasons",
)


def save_suppliers(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Upsert the projection of suppliers where the row is newer."""
    queries.save_suppliers(tx, rows=sql.rows(rows))


def save_categories(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Upsert the projection of categories where the row is newer."""
    queries.save_categories(tx, rows=sql.rows(rows))


def owners_of_audit(tx: Transaction, audit_id: UUID) -> Owners | None:
    """Return whose an audit is; None if there is no such one."""
    row = queries.owners_of_audit(tx, audit_id=audit_id)
    return _owners(row, [row.auditor_id]) if row else None


def owners_of_case(tx: Transaction, key: CaseKey) -> Owners | None:
    """Return whose a case is; None if none with a risk is known."""
    row = queries.owners_of_case(tx, **key._asdict())
    return _owners(row, row.auditors) if row else None


def owners_of_cases(tx: Transaction, keys: Iterable[CaseKey]) -> dict[CaseKey, Owners]:
    """Return whose each case is, auditors aside."""
    return {_key(row): _owners(row, []) for row in queries.owners_of_cases(tx, keys=_keys(keys))}


def _owners(row: Any, auditors: Sequence[str]) -> Owners:
    area = [row.responsible_area] if row.responsible_area else []
    return {"region": row.regions, "area": area, "auditor_id": auditors}


def lock_cases(tx: Transaction, keys: Iterable[CaseKey]) -> None:
    """Make the cases that are not known yet and lock all of them, in order, until the transaction ends."""
    rows = _keys(keys)
    queries.create_cases(tx, keys=rows)
    list(queries.lock_cases(tx, keys=rows))


def save_risks(tx: Transaction, newest: Sequence[Received]) -> None:
    """Keep each case's risk unless a newer one is there."""
    queries.save_risks(tx, rows=sql.rows([{"version": event.version, **event.data} for event in newest]))


def cases(tx: Transaction, keys: Iterable[CaseKey], time_zone: str) -> list[Case]:
    """Return locked cases with all that the policy asks about; their open audits are locked too."""
    rows = _keys(keys)
    # of two, since suppliers were merged, the survivor's own
    opened = sorted(queries.lock_open_audits(tx, keys=rows), key=lambda row: row.made_for is None)
    audits = {audit.key: audit for row in opened if (audit := _audit(row))}
    reported, measures = defaultdict(list), defaultdict(list)
    for row in queries.reported_audits(tx, keys=rows):
        reported[_key(row)].append(_part(ReportedAudit, row))
    for row in queries.measures(tx, keys=rows, time_zone=time_zone):
        measures[_key(row)].append(_measure(row))
    return [
        Case(
            key=(key := _key(row)),
            risk=Risk(**{name: getattr(row, name) for name in _RISK}),
            open_audit=audits.get(key),
            measures=tuple(measures[key]),
            reported=tuple(reported[key]),
            contracted=row.contracted,
        )
        for row in list(queries.risks(tx, keys=rows))
    ]


def lock_capacity(tx: Transaction, since: date) -> tuple[list[Auditor], dict[tuple[UUID, date], int]]:
    """Return the auditors and their load per week from `since` (a Monday) on; nobody else plans meanwhile."""
    auditors = [
        Auditor(row.auditor_id, tuple(row.kinds), row.weekly_capacity) for row in queries.lock_auditors(tx)
    ]
    # a statement of its own: its snapshot is taken after the wait for the locks
    load = {(row.auditor_id, row.week): row.audits for row in queries.load(tx, since=since)}
    return auditors, load


def save_audits(tx: Transaction, audits: Sequence[Audit]) -> None:
    """Insert new audits, and update those that this transaction holds."""
    if audits:
        queries.save_audits(tx, rows=sql.rows(audits))


def save_decisions(
    tx: Transaction,
    decided: Sequence[tuple[Case, Decision, Audit | None]],
    events: Mapping[CaseKey, Sequence[UUID]],
    now: datetime,
    today: date,
) -> None:
    """Append decisions, make each its case's final one, and end what they end."""
    rows = [_decision_row(*each, events[each[0].key], now) for each in decided]
    queries.save_decisions(tx, rows=sql.rows(rows))
    ended = [decision_id for _, decision, _ in decided for decision_id in decision.ends]
    if ended:
        queries.end_measures(tx, decision_ids=ended, ended_on=today)


def _decision_row(
    case: Case, decision: Decision, audit: Audit | None, events: Sequence[UUID], now: datetime
) -> dict[str, Any]:
    decision_id, on_audit = uuid7(), decision.outcome in AUDITS
    measure_id = decision_id if decision.effect == "opened" else decision.joins
    return {
        **{name: getattr(decision, name) for name in _AS_DECIDED},
        "decision_id": decision_id,
        "supplier_id": case.key.supplier_id,
        "category_id": case.key.category_id,
        "events": events,
        "as_of": case.risk.as_of,
        "score": case.risk.score,
        "band": case.risk.band,
        "policy_row": decision.row,
        "audit_id": audit.audit_id if audit and on_audit else None,
        "measure_id": None if on_audit else measure_id,
        "without_contract": not case.contracted,
        "decided_at": now,
    }


def end_lapsed_requests(tx: Transaction, today: date, limit: int) -> dict[CaseKey, list[UUID]]:
    """End overdue transparency requests of up to `limit` cases, locked now; return what had caused them."""
    claimed = [_key(row) for row in queries.claim_cases_with_lapsed_requests(tx, today=today, limit=limit)]
    lapsed = queries.end_lapsed_requests(tx, keys=_keys(claimed), today=today) if claimed else []
    return {_key(row): row.events for row in lapsed}


def claim_audits_to_confirm(tx: Transaction, today: date, limit: int) -> list[Audit]:
    """Return up to `limit` provisional audits whose day has come, locked."""
    found = queries.claim_audits_to_confirm(tx, today=today, limit=limit)
    return [audit for row in list(found) if (audit := _audit(row))]


def lock_audit(tx: Transaction, audit_id: UUID) -> Audit | None:
    """Return an audit, held until the end of the transaction."""
    return _audit(queries.lock_audit(tx, audit_id=audit_id))


def audit(tx: Transaction, audit_id: UUID) -> dict[str, Any] | None:
    """Return an audit as it is shown."""
    anyones = {"supplier_id": None, "category_id": None, "state": None, **_ANYBODYS}
    return next((_explained(row) for row in queries.audits(tx, audit_id=audit_id, **anyones)), None)


def audits(tx: Transaction, query: Mapping[str, Any], reach: Mapping[str, str | None]) -> dict[str, Any]:
    """Return a page of audits within reach (region, area, auditor_id) as they are shown."""
    filters = {name: query[name] for name in ("supplier_id", "category_id", "state")} | dict(reach)
    return paging.fetch(
        tx, queries.audits, query, schemas.AuditQuery, shown=_explained, audit_id=None, **filters
    )


def save_auditor(tx: Transaction, auditor: Mapping[str, Any], known: int | None) -> bool:
    """Create an auditor, or change the known version; tell whether nobody was faster."""
    return bool(queries.save_auditor(tx, **auditor, known=known))


def auditors(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of auditors."""
    return paging.fetch(tx, queries.auditors, query, schemas.AuditorQuery, auditor_id=None)


def auditor(tx: Transaction, auditor_id: UUID) -> dict[str, Any] | None:
    """Return one auditor."""
    return next((row._asdict() for row in queries.auditors(tx, auditor_id=auditor_id)), None)


def case_views(tx: Transaction, query: Mapping[str, Any], reach: Mapping[str, str | None]) -> dict[str, Any]:
    """Return a page of cases within reach (region, area, auditor_id) with their risk and final decision."""
    filters = {"supplier_id": query["supplier_id"], "category_id": query["category_id"], **reach}
    page = paging.fetch(tx, queries.cases, query, schemas.CaseQuery, **filters)
    return {**page, "items": _decided(tx, page["items"])}


def case_view(tx: Transaction, key: CaseKey) -> dict[str, Any] | None:
    """Return one case with its risk and final decision."""
    return next(iter(_decided(tx, list(queries.cases(tx, **key._asdict(), **_ANYBODYS)))), None)


def _decided(tx: Transaction, rows: Sequence[Any]) -> list[dict[str, Any]]:
    final = [row.decision_id for row in rows if row.decision_id]
    decisions = {row.decision_id: _explained(row) for row in queries.final_decisions(tx, decision_ids=final)}
    return [{**row._asdict(), "decision": decisions.get(row.decision_id)} for row in rows]


def decisions(tx: Transaction, key: CaseKey) -> list[dict[str, Any]]:
    """Return all decisions about a case, oldest first."""
    return [_explained(row) for row in queries.decisions(tx, **key._asdict())]


def audits_by_state(tx: Transaction) -> dict[str, int]:
    """Return how many audits are in each state."""
    return {row.state: row.audits for row in queries.audits_by_state(tx)}


def audits_overdue(tx: Transaction, today: date) -> int:
    """Return how many audits should have been held before `today`."""
    return int(queries.audits_overdue(tx, today=today))


def _keys(keys: Iterable[CaseKey]) -> str:
    """Return case keys as rows; the ids are for those that turn out to be new."""
    return sql.rows([{**key._asdict(), "case_id": uuid7()} for key in sorted(keys)])


def _key(row: Any) -> CaseKey:
    return CaseKey(row.supplier_id, row.category_id)


def _part(kind: Any, row: Any) -> Any:
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})


def _measure(row: Any) -> Measure:
    return Measure(
        decision_id=row.decision_id,
        row=row.policy_row,
        outcome=row.outcome,
        due_on=row.due_on,
        ended_on=row.ended_on,
        bands_since=tuple(row.bands_since),
    )


def _audit(row: Any) -> Audit | None:
    if row is None:
        return None
    kept = {name: getattr(row, name) for name in _AUDIT}
    return Audit(**kept | {"reasons": _reasons(row), "causes": tuple(row.causes)})


def _reasons(row: Any) -> tuple[Reason, ...]:
    return tuple(Reason(**reason) for reason in row.reasons)


def _explained(row: Any) -> dict[str, Any]:
    """Return an audit or a decision with its reasons in words as well."""
    return {**row._asdict(), "reason": explain(_reasons(row))}
