"""Load -> decide -> save -> emit."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from chassis import changes, ids, outbox, trail
from chassis.changes import Change
from chassis.errors import PreconditionFailed, conflicts, found
from chassis.events import newest
from chassis.metrics import Gauge
from services.audits import events, merging, repository, schemas
from services.audits.domain import audit as lifecycle
from services.audits.domain import dates
from services.audits.domain.case import STATES, CaseKey, regions_by_category
from services.audits.domain.decision import decide
from services.audits.domain.planning import Diary
from services.audits.repository import contracts
from services.audits.rules import PLANNING, POLICY
from services.audits.working_days import is_workday

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from chassis.access import Identity, Owners
    from chassis.db import Begin, Transaction
    from chassis.events import Received
    from chassis.http import Expectation
    from services.audits.domain.case import Audit, Case, Decision

AT_A_TIME = 100


class Cause(NamedTuple):
    """Why a case is decided: the events behind it, and the last one that arrived, if one did."""

    events: list[UUID]
    heard: Received | None = None


def project_suppliers(tx: Transaction, batch: Sequence[Received]) -> None:
    """Keep which regions each supplier's cases belong to: those that have a contract in them."""
    rows = [
        {
            "supplier_id": event.data["supplier_id"],
            "version": event.version,
            "regions": regions_by_category(event.data["contracts"]),
            "told_by": event.id,
        }
        for event in newest(merging.take_in(tx, batch))
    ]
    repository.save_suppliers(tx, rows)
    contracts.add_unchecked(tx, rows)
    tx.wake("contracts")


def project_categories(tx: Transaction, batch: Sequence[Received]) -> None:
    """Keep which area each category belongs to."""
    repository.save_categories(tx, [{**event.data, "version": event.version} for event in newest(batch)])


def decide_after_rescoring(
    tx: Transaction, batch: Sequence[Received], confirm_after: int, now: datetime
) -> None:
    """Keep the newest risks; decide each case that was rescored, unless that is only repeated or imported."""
    batch = merging.of_survivors(tx, batch)
    rescored = defaultdict(list)
    for event in batch:
        rescored[CaseKey(event.data["supplier_id"], event.data["category_id"])].append(event)
    contracts.share_suppliers(tx, {key.supplier_id for key in rescored})
    repository.lock_cases(tx, rescored)
    repository.save_risks(tx, newest(batch))
    causes = {}
    for key, heard in rescored.items():
        loud = [event for event in heard if not event.quiet]
        if loud:
            causes[key] = Cause([event.id for event in loud], loud[-1])
    decide_cases(tx, causes, confirm_after, now)


def follow_up_requests(begin: Begin, confirm_after: int, now: datetime) -> bool:
    """End transparency requests that were not answered in time, and decide their cases again."""
    with begin() as tx:
        lapsed = repository.end_lapsed_requests(tx, _today(now), AT_A_TIME)
        decide_cases(tx, {key: Cause(caused) for key, caused in lapsed.items()}, confirm_after, now)
    return len(lapsed) == AT_A_TIME


def decide_cases(tx: Transaction, causes: Mapping[CaseKey, Cause], confirm_after: int, now: datetime) -> None:
    """Decide locked cases by what is stored; every decision is kept, and new or moved audits are told."""
    if not causes:
        return
    cases = repository.cases(tx, causes, POLICY.time_zone)
    decided = [(case, decide(case, POLICY, is_workday)) for case in cases]
    planned = _plan(tx, decided, causes, confirm_after, now)
    repository.save_audits(tx, [audit for _, _, audit in planned if audit])
    happened = {key: cause.events for key, cause in causes.items()}
    repository.save_decisions(tx, planned, happened, now, _today(now))
    told = [
        event
        for case, _, audit in planned
        if audit and lifecycle.is_news(audit, case.open_audit)
        for event in events.announcements(audit, causes[case.key].heard)
    ]
    outbox.emit(tx, told)
    moved = [audit for case, _, audit in planned if audit and audit != case.open_audit]
    _note(tx, [case.key for case in cases], moved)


def _note(tx: Transaction, cases: Iterable[CaseKey], audits: Sequence[Audit]) -> None:
    """Note for the change feed that cases were decided, and that audits are new or different."""
    keys = {*cases, *(audit.key for audit in audits)}
    owners = repository.owners_of_cases(tx, keys)
    decided = [Change("case", f"{key.supplier_id}/{key.category_id}", owners=owners[key]) for key in cases]
    moved = [Change("audit", audit.audit_id, owners=_whose(audit, owners[audit.key])) for audit in audits]
    changes.note(tx, [*decided, *moved])


def _whose(audit: Audit, owners: Owners) -> Owners:
    return {**owners, "auditor_id": [str(audit.auditor_id)] if audit.auditor_id else []}


def _plan(
    tx: Transaction,
    decided: Sequence[tuple[Case, Decision]],
    causes: Mapping[CaseKey, Cause],
    confirm_after: int,
    now: datetime,
) -> list[tuple[Case, Decision, Audit | None]]:
    """Give each case its audit as the decision leaves it; the most urgent ones choose their slots first."""
    diary = _diary(tx, any(decision.needs_slot for _, decision in decided), _today(now))
    urgent_first = sorted(decided, key=lambda each: _urgency(*each))
    return [
        (
            case,
            decision,
            lifecycle.after(decision, case, diary, _occasion(causes[case.key], confirm_after, now)),
        )
        for case, decision in urgent_first
    ]


def _urgency(case: Case, decision: Decision) -> tuple[bool, date | None, Any, CaseKey]:
    return (
        not decision.needs_slot,
        decision.due_on if decision.needs_slot else None,
        -(case.risk.score or 0),
        case.key,
    )


def _diary(tx: Transaction, needed: bool, today: date) -> Diary:
    """Return the diary, locked; where nothing has to be booked nobody waits for it."""
    if not needed:
        return Diary([], {}, PLANNING, today, is_workday)
    auditors, load = repository.lock_capacity(tx, dates.monday_of(today))
    return Diary(auditors, load, PLANNING, today, is_workday)


def _occasion(cause: Cause, confirm_after: int, now: datetime) -> lifecycle.Occasion:
    audit_id = ids.uuid7()
    return lifecycle.Occasion(
        audit_id=audit_id,
        causes=tuple(cause.events),
        correlation_id=cause.heard.correlation_id if cause.heard else str(audit_id),
        now=now,
        confirm_on=dates.working_days_later(_today(now), confirm_after, is_workday),
        at_once=confirm_after == 0,
    )


def confirm_due_audits(begin: Begin, now: datetime) -> bool:
    """Confirm provisional audits whose day has come; every replica takes others."""
    with begin() as tx:
        due = repository.claim_audits_to_confirm(tx, _today(now), AT_A_TIME)
        confirmed = [lifecycle.confirm(audit, now) for audit in due]
        repository.save_audits(tx, confirmed)
        outbox.emit(tx, [events.confirmed(audit, correlation_id=audit.correlation_id) for audit in confirmed])
        _note(tx, [], confirmed)
    return len(due) == AT_A_TIME


def confirm_audit(tx: Transaction, audit_id: UUID, now: datetime) -> dict[str, Any]:
    """Make a provisional audit certain, before it does so by itself."""
    audit = found(repository.lock_audit(tx, audit_id), "audit")
    with conflicts(lifecycle.NotAllowedError):
        confirmed = lifecycle.confirm(audit, now)
    outbox.emit(tx, [events.confirmed(confirmed)])
    return _written(tx, confirmed, "confirmed")


def cancel_audit(tx: Transaction, audit_id: UUID, reason: str, now: datetime) -> dict[str, Any]:
    """End an audit before it is held; its slot is free again."""
    audit = found(repository.lock_audit(tx, audit_id), "audit")
    with conflicts(lifecycle.NotAllowedError):
        cancelled = lifecycle.cancel(audit, reason, _today(now))
    outbox.emit(tx, [events.cancelled(cancelled)])
    return _written(tx, cancelled, "cancelled")


def _written(tx: Transaction, audit: Audit, action: str) -> dict[str, Any]:
    """Save what a person made of an audit, with a trace of it; return it as it is shown."""
    before = get_audit(tx, audit.audit_id)
    repository.save_audits(tx, [audit])
    after = get_audit(tx, audit.audit_id)
    owners = _whose(audit, repository.owners_of_cases(tx, [audit.key])[audit.key])
    trail.wrote(
        tx, "audit", audit.audit_id, before, after, schema=schemas.AuditView, owners=owners, action=action
    )
    return after


def put_auditor(
    tx: Transaction, auditor_id: UUID, new: Mapping[str, Any], expects: Expectation
) -> dict[str, Any]:
    """Create or change an auditor; what is booked already stands."""
    before = repository.auditor(tx, auditor_id)
    known = before["version"] if before else None
    expects.check(known)
    auditor = {"auditor_id": auditor_id, **new}
    if before == {**auditor, "version": known}:
        return before
    if not repository.save_auditor(tx, auditor, known):
        raise PreconditionFailed
    after = get_auditor(tx, auditor_id)
    trail.wrote(tx, "auditor", auditor_id, before, after, schema=schemas.AuditorView)
    return after


def get_auditor(tx: Transaction, auditor_id: UUID) -> dict[str, Any]:
    """Return an auditor."""
    return found(repository.auditor(tx, auditor_id), "auditor")


def list_auditors(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of auditors."""
    return repository.auditors(tx, query)


def get_audit(tx: Transaction, audit_id: UUID) -> dict[str, Any]:
    """Return an audit."""
    return found(repository.audit(tx, audit_id), "audit")


def list_audits(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of audits within the caller's reach."""
    return repository.audits(tx, merging.by_survivor(tx, query), _reach(actor))


def list_cases(tx: Transaction, query: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a page of cases within the caller's reach, with their final decisions."""
    return repository.case_views(tx, merging.by_survivor(tx, query), _reach(actor))


def _reach(actor: Identity) -> dict[str, str | None]:
    return {claim: actor.limited_to(claim) for claim in ("region", "area", "auditor_id")}


def owners_of_audit(tx: Transaction, audit_id: UUID) -> Owners | None:
    """Return whose an audit is: its case's regions, its category's area, and its auditor."""
    return repository.owners_of_audit(tx, audit_id)


def owners_of_case(tx: Transaction, supplier_id: UUID, category_id: str) -> Owners | None:
    """Return whose a case is."""
    return repository.owners_of_case(tx, CaseKey(supplier_id, category_id))


def get_case(tx: Transaction, key: CaseKey) -> dict[str, Any]:
    """Return a case with all decisions about it."""
    return {**found(repository.case_view(tx, key), "case"), "decisions": repository.decisions(tx, key)}


def gauges(tx: Transaction, now: datetime) -> list[Gauge]:
    """Return how many audits there are in each state, and how many should have been held."""
    counts = repository.audits_by_state(tx)
    by_state = [
        Gauge("audits", "Audits by state.", {"state": state}, counts.get(state, 0)) for state in STATES
    ]
    overdue = repository.audits_overdue(tx, _today(now))
    return [*by_state, Gauge("audits_overdue", "Audits not held by their due date.", {}, overdue)]


def _today(now: datetime) -> date:
    return dates.local_date(now, POLICY.time_zone)
