"""What several tests of scoring do first, and how they read what came of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from services.suppliers import schemas, usecases
from services.suppliers.events import AssessmentCompleted
from tests.callers import OFFICE, page_query
from tests.suppliers.bodies import NOW, completed, import_china, put_gloves, register, supplier

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received

LATER = NOW + timedelta(hours=1)
DATASETS = {
    "CPI": 2025,
    "EPI": 2024,
    "ITUC_GRI": 2026,
    **{f"WGI_{part}_PCTRANK": 2023 for part in ("CC", "GE", "PV", "RL", "RQ", "VA")},
}


def registered(tx: Transaction, **changes: Any) -> UUID:
    """A supplier of gloves from China."""
    put_gloves(tx)
    import_china(tx)
    supplier_id: UUID = register(tx, supplier(**changes))["supplier_id"]
    return supplier_id


def assess(
    supplier_id: UUID,
    received: Callable[..., Received],
    version: int = 1,
    resync: bool | None = None,
    **changes: Any,
) -> Received:
    data = completed(supplier_id, **changes)
    envelope = {"subject": f"{supplier_id}/handskar", "version": version, "resync": resync}
    return received(AssessmentCompleted, data, **envelope)


def terms(country: str, category: str, inherent: str, residual: str) -> dict[str, Any]:
    numbers = {"country": country, "category": category, "inherent": inherent, "residual": residual}
    exact = {name: Decimal(text) for name, text in numbers.items()}
    return exact | {"partial": False, "mitigation": Decimal("0.56")}


def shown(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    """The risk view, its terms as numbers."""
    risk = usecases.risk.get_risk(tx, supplier_id, OFFICE)
    [case] = risk["cases"]
    areas = {
        area: {name: value if isinstance(value, bool) else Decimal(value) for name, value in each.items()}
        for area, each in case.areas.items()
    }
    return case._asdict() | {"areas": areas}


def history(tx: Transaction, supplier_id: UUID, **given: Any) -> dict[str, Any]:
    """A page of the scores that a supplier's cases have had."""
    return usecases.risk.get_risk_history(tx, supplier_id, page_query(schemas.HistoryQuery, **given), OFFICE)


def rescored(emitted: Any, tx: Transaction) -> list[dict[str, Any]]:
    return [event for event in emitted(tx) if event["type"] == "supplier_risk_rescored"]
