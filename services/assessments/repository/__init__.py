"""Rows <-> domain objects: the only reader of queries.sql."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from services.assessments.domain import campaign, case
from services.assessments.schemas import AssessmentQuery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date, datetime
    from uuid import UUID

    from chassis.access import Owners
    from chassis.db import Transaction

queries: Any = sql.load(__file__)


def save_suppliers(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Upsert the projection of suppliers where the row is newer."""
    queries.save_suppliers(tx, rows=sql.rows(rows))


def lock_suppliers(tx: Transaction, supplier_ids: Collection[UUID]) -> dict[UUID, campaign.Supplier]:
    """Return those of the suppliers that are known here, held until the end of the transaction."""
    rows = list(queries.lock_suppliers(tx, supplier_ids=list(supplier_ids)))
    return {
        row.supplier_id: campaign.Supplier(row.supplier_id, row.contact_id, frozenset(row.category_ids))
        for row in rows
    }


def assessed_cases(tx: Transaction, supplier_ids: Collection[UUID], year: int) -> set[campaign.Key]:
    """Return the suppliers' cases that have an assessment for the year."""
    rows = list(queries.assessed_cases(tx, supplier_ids=list(supplier_ids), year=year))
    return {(row.supplier_id, row.category_id) for row in rows}


def save_campaign(tx: Transaction, launched: dict[str, Any], assessments: Sequence[case.Assessment]) -> None:
    """Insert a campaign and its assessments."""
    queries.insert_campaign(tx, **launched)
    queries.insert_assessments(tx, rows=sql.rows(assessments))


def campaign_with_states(tx: Transaction, campaign_id: UUID) -> dict[str, Any] | None:
    """Return a campaign and `states`, its number of assessments per state."""
    row = queries.campaign(tx, campaign_id=campaign_id)
    counts = {each.state: each.assessments for each in queries.campaign_states(tx, campaign_id=campaign_id)}
    return (
        {**row._asdict(), "states": {state: counts.get(state, 0) for state in case.STATES}} if row else None
    )


def assessment(tx: Transaction, assessment_id: UUID) -> case.Assessment | None:
    """Return an assessment."""
    return _assessment(queries.assessment(tx, assessment_id=assessment_id))


def lock_assessment(tx: Transaction, assessment_id: UUID) -> case.Assessment | None:
    """Return an assessment, held until the end of the transaction."""
    return _assessment(queries.lock_assessment(tx, assessment_id=assessment_id))


def save_categories(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Upsert the projection of categories where the row is newer."""
    queries.save_categories(tx, rows=sql.rows(rows))


def owners_of_assessment(tx: Transaction, assessment_id: UUID) -> Owners | None:
    """Return whose an assessment is; None if there is no such one."""
    row = queries.owners_of_assessment(tx, assessment_id=assessment_id)
    return _owners(row) if row else None


def owners_of_cases(tx: Transaction, keys: Iterable[campaign.Key]) -> dict[campaign.Key, Owners]:
    """Return whose each case is."""
    rows = [{"supplier_id": supplier_id, "category_id": category_id} for supplier_id, category_id in keys]
    found = queries.owners_of_cases(tx, keys=sql.rows(rows))
    return {(row.supplier_id, row.category_id): _owners(row) for row in found}


def _owners(row: Any) -> Owners:
    return {"region": row.regions, "area": [row.responsible_area] if row.responsible_area else []}


def assessments(tx: Transaction, query: dict[str, Any], reach: dict[str, str | None]) -> dict[str, Any]:
    """Return a page of assessments within reach (region, area)."""
    filters = {name: query[name] for name in ("campaign_id", "supplier_id", "state")} | reach
    return paging.fetch(tx, queries.assessments, query, AssessmentQuery, shown=_assessment, **filters)


def completed_cases(tx: Transaction, after: campaign.Key | None, rows: int) -> list[case.Assessment]:
    """Return up to `rows` cases' latest completed assessments, by case, from after one on."""
    supplier_id, category_id = after or (None, None)
    found = queries.completed_cases(tx, supplier_id=supplier_id, category_id=category_id, rows=rows)
    return [each for row in list(found) if (each := _assessment(row))]


def save_assessment(tx: Transaction, changed: case.Assessment) -> None:
    """Update an assessment that this transaction holds."""
    queries.save_assessment(tx, row=sql.document(changed))


def _assessment(row: Any) -> case.Assessment | None:
    if row is None:
        return None
    # fractions become floats, as they came
    answers = {
        name: float(given) if isinstance(given, Decimal) else given for name, given in row.answers.items()
    }
    known = {name: value for name, value in row._asdict().items() if name != "made_for"}
    return case.Assessment(**{**known, "answers": answers})


def invitation(tx: Transaction, invitation_id: UUID) -> tuple[UUID, int] | None:
    """Return the assessment that an invitation opens and its generation."""
    row = queries.invitation(tx, invitation_id=invitation_id)
    return (row.assessment_id, row.generation) if row else None


def save_session(tx: Transaction, token_hash: str, opened: tuple[UUID, int], expires_at: datetime) -> None:
    """Insert a respondent's session for (assessment, generation)."""
    assessment_id, generation = opened
    queries.insert_session(
        tx, token_hash=token_hash, assessment_id=assessment_id, generation=generation, expires_at=expires_at
    )


def session_assessment_id(tx: Transaction, token_hash: str, now: datetime) -> UUID | None:
    """Return the assessment that a living session opens."""
    found: UUID | None = queries.session_assessment_id(tx, token_hash=token_hash, now=now)
    return found


def forget_sessions(tx: Transaction, now: datetime, rows: int) -> int:
    """Delete up to `rows` expired sessions; return how many."""
    removed: int = queries.forget_sessions(tx, now=now, rows=rows)
    return removed


def state_counts(tx: Transaction, today: date) -> dict[str, tuple[int, int]]:
    """Return, per state, (assessments, those past their last day to answer)."""
    counts = {row.state: (row.assessments, row.late) for row in queries.state_counts(tx, today=today)}
    return {state: counts.get(state, (0, 0)) for state in case.STATES}
