"""What is told of a supplier's risk, within the reach of who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.errors import NotFound
from services.suppliers import ownership, repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction
    from services.suppliers.domain import Case


def get_risk(tx: Transaction, supplier_id: UUID, actor: Identity) -> dict[str, Any]:
    """Return a supplier's cases within the caller's reach with their terms, and the worst of them."""
    _require_supplier(tx, supplier_id)
    cases = repository.scores.current_scores(tx, supplier_id, ownership.reach(actor))
    scored = [case for case in cases if case.score is not None]
    headline = max(scored, key=lambda case: case.score, default=None)
    return {"supplier_id": supplier_id, "headline": headline, "cases": cases}


def get_risk_history(
    tx: Transaction, supplier_id: UUID, query: Mapping[str, Any], actor: Identity
) -> dict[str, Any]:
    """Return a page of a supplier's scores, those of cases within the caller's reach."""
    _require_supplier(tx, supplier_id)
    return repository.scores.score_history(tx, supplier_id, query, ownership.reach(actor))


def case_within_reach(tx: Transaction, supplier_id: UUID, category_id: str, actor: Identity) -> Case:
    """Return one case with what its score follows from; NotFound if it is none of the caller's."""
    _require_supplier(tx, supplier_id)
    scores = repository.scores.current_scores(tx, supplier_id, ownership.reach(actor))
    if category_id in {each.category_id for each in scores}:
        cases = repository.scores.cases_to_score(tx, [(supplier_id, category_id)])
        if cases:
            return cases[0]
    raise NotFound("There is no such case.")


def _require_supplier(tx: Transaction, supplier_id: UUID) -> None:
    if not repository.registry.supplier_exists(tx, supplier_id):
        raise NotFound("There is no such supplier.")
