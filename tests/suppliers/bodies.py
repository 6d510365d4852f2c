"""What clients send, and what has been judged, in the tests of this service."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chassis.loading import loader
from services.suppliers import schemas, usecases
from tests.callers import OFFICE, WHATEVER
from tests.suppliers.builders import CHINA, grid

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
YEARS = {"ITUC_GRI": 2026, "EPI": 2024, "CPI": 2025}  # governance ranks: 2023
ISO3 = {"CN": "CHN", "SE": "SWE"}

GLOVES: dict[str, Any] = {
    "names": {"sv": "Handskar", "en": "Gloves"},
    "responsible_area": "F",
    "prioritised_years": [2026],
    "cpv_prefixes": ["33141420"],
    "analysis": [
        {"likelihood": 4, "severity": 5, "valid_until": "2099-12-31"},
        {"likelihood": 5, "severity": 4, "valid_until": "2099-12-31"},
        {"likelihood": 2, "severity": 3, "valid_until": "2099-12-31"},
        {"likelihood": 3, "severity": 2, "valid_until": "2099-12-31"},
    ],
}

SUPPLIER: dict[str, Any] = {
    "legal_name": "Exempelleverantör 017 AB",
    "country": "SE",
    "language": "sv",
    "identifiers": {"orgnr": "556543-6168", "gln": "7300010000001"},
    "contacts": [
        {"name": "Kim Exempel", "email": "kim@leverantor.example", "language": "sv", "role": "respondent"}
    ],
    "sites": [
        {"name": "Fabrik ett", "tier": 1, "country": "CN", "category_ids": ["handskar"]},
        {"name": "Råvara", "tier": 2, "country": "MM", "category_ids": ["handskar"]},
    ],
    "contracts": [
        {
            "category_id": "handskar",
            "regions": ["01", "14"],
            "clause_level": "advanced",
            "clause_version": "2024-1",
            "starts_on": "2025-01-01",
            "ends_on": "2028-12-31",
            "value_ore": 125_000_000_00,
            "terms": {"remedy_days": 30},
        }
    ],
}

# What a site and a contract have that SUPPLIER's say nothing of, once they are kept
UNSAID_OF_SITE = {"version": 1, "operator": None, "address": None, "products": [], "registered_by": None}
UNSAID_OF_CONTRACT = {
    "version": 1,
    "imported": False,
    "cpv": None,
    "option_ends_on": None,
    "currency": "SEK",
    "reference": None,
}


def loaded(schema: Any, body: dict[str, Any]) -> dict[str, Any]:
    """What the seam makes of a body."""
    data: dict[str, Any] = loader(schema).load(copy.deepcopy(body))
    return data


def supplier(**changes: Any) -> dict[str, Any]:
    """A new supplier as the seam gives it, without identifiers unless they are named."""
    return loaded(schemas.NewSupplier, SUPPLIER | {"identifiers": {}} | changes)


def put_gloves(tx: Transaction, **changes: Any) -> None:
    """Make sure of the category."""
    usecases.categories.put_category(tx, "handskar", loaded(schemas.NewCategory, GLOVES | changes), WHATEVER)


def import_index(tx: Transaction, index: str, year: int, **values: object) -> None:
    """Import values of a year by ISO 3166-1 alpha-3 code."""
    usecases.countries.import_country_index(tx, (index, year), values, WHATEVER, NOW)


def register(tx: Transaction, new: dict[str, Any], actor: Identity = OFFICE) -> dict[str, Any]:
    """Register a supplier, as the office unless told otherwise."""
    return usecases.registry.register_supplier(tx, new, actor, NOW)


def import_china(tx: Transaction) -> None:
    """Import China's published values, each in its newest year."""
    for index, value in CHINA.items():
        import_index(tx, index, YEARS.get(index, 2023), CHN=value)


def completed(supplier_id: UUID, score: str = "80", **changes: Any) -> dict[str, Any]:
    """An assessment of a supplier's gloves that was completed now, reviewed."""
    number = float(score)
    return {
        "assessment_id": "01938f3e-0000-7000-8000-000000000001",
        "supplier_id": str(supplier_id),
        "category_id": "handskar",
        "year": 2026,
        "state": "completed",
        "stage": "reviewed",
        "claimed": [[number] * 4 for _ in grid(None)],
        "judged": [[number] * 4 for _ in grid(None)],
        "completeness": 100,
        "critical": [],
        "severe_reported": False,
        "recommendation": "none",
        "completed_at": NOW.isoformat(),
        "valid_until": "2027-11-21T12:00:00+00:00",
        "since": NOW.isoformat(),
    } | changes
