"""Rows that the tests of imports have in common, and what these may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.suppliers.files import Imports

ORGNR, OTHER = "5565436168", "2321000016"
FIRST: dict[str, Any] = {
    "orgnr": "556543-6168",
    "region": "01",
    "own_number": "L-1",
    "legal_name": "Exempel 1 AB",
}
SECOND: dict[str, Any] = {"orgnr": OTHER, "region": "01", "own_number": "L-2", "legal_name": "Exempel 2 AB"}
CONTACT = {
    "own_number": "L-1",
    "region": "1",
    "name": "Kim",
    "email": "kim@ett.example",
    "language": "sv",
    "role": "vd",
}
CONTRACT: dict[str, Any] = {
    "orgnr": ORGNR,
    "reference": "A-17",
    "category_id": "handskar",
    "regions": "01, 14",
    "clause_level": "advanced",
    "clause_version": "2024-1",
    "starts_on": "2025-01-01",
    "ends_on": "2028-12-31",
    "value_ore": "125 000 000",
    "terms": '{"remedy_days": 30}',
}


def everything(imports: Imports) -> list[Any]:
    """All that an import may change."""
    return [
        imports.ask(f"SELECT to_jsonb(t) FROM {name} AS t ORDER BY t::text")  # noqa: S608  names of ours
        for name in ("supplier", "identifier", "own_number", "contact", "contract", "risk_score", "outbox")
    ]
