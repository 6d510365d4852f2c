"""What the regions have together in a case, and how urgent it is to follow it up: every term."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.http import PageQuery
from services.suppliers.domain import BANDS, NO_DATA
from services.suppliers.domain.priority import HINDRANCES
from services.suppliers.schemas.common import StoredDate

FIRST_YEAR, LAST_YEAR = 2000, 2100

# What the examples of several schemas share: docs/priority.md makes this sum by hand.
RANKED: dict[str, Any] = {
    "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11",
    "legal_name": "Exempelleverantör 017 AB",
    "category_id": "handskar",
    "band": "high",
    "score": 72.3,
    "spend_msek": 31.23,
    "years_left": 2.11,
    "worth": 0.75,
    "priority": 3573.2,
    "arithmetic": "72.3 × 31.23 × 2.11 × 0.75 = 3573.2",
    "regions": ["01", "14"],
    "contracts": 1,
    "value_ore": 12_500_000_000,
    "spend_ore": 3_122_861_054,
    "ends_on": "2028-12-31",
    "days_left": 770,
    "assessed_on": "2025-03-01",
    "audited_on": None,
    "selected_year": 2025,
    "hindrances": [],
}


class Terms(Schema):
    """A case's priority with its terms; null where the case has no score.

    priority = score (0-100) × spend_msek (millions of SEK a year) × years_left × worth, rounded to a tenth.
    `value_ore` and `spend_ore` (a year) are those of all regions' running contracts in SEK; `ends_on`,
    `days_left` null: a contract's end is unknown, which counts as long. `selected_year`: the last that it was
    chosen for.
    """

    supplier_id = fields.UUID()
    legal_name = fields.String()
    category_id = fields.String()
    band = fields.String(validate=validate.OneOf([*BANDS, NO_DATA]))
    score = fields.Decimal(allow_none=True)
    spend_msek = fields.Decimal()
    years_left = fields.Decimal()
    worth = fields.Decimal()
    priority = fields.Decimal(allow_none=True)
    arithmetic = fields.String()
    regions = fields.List(fields.String())
    value_ore = fields.Integer()
    spend_ore = fields.Integer()
    ends_on = StoredDate(allow_none=True)
    days_left = fields.Integer(allow_none=True)
    assessed_on = StoredDate(allow_none=True)
    audited_on = StoredDate(allow_none=True)
    selected_year = fields.Integer(allow_none=True)
    hindrances = fields.List(fields.String(validate=validate.OneOf(HINDRANCES)))


class RankedCase(Terms):
    """A case in order of urgency; `contracts`: how many run."""

    contracts = fields.Integer()

    example: ClassVar[dict[str, Any]] = RANKED


class LeverageContract(Schema):
    """A running contract and what it is worth a year: its value over its time; 0 if it is not in SEK."""

    contract_id = fields.UUID()
    regions = fields.List(fields.String())
    starts_on = StoredDate()
    ends_on = StoredDate(allow_none=True)
    value_ore = fields.Integer()
    currency = fields.String()
    spend_ore = fields.Integer()


class CaseLeverage(Terms):
    """A case with the contracts that its joint spend is the sum of."""

    contracts = fields.List(fields.Nested(LeverageContract))


class LeverageView(Schema):
    """What the regions have together with a supplier, in each of its cases with a contract that runs."""

    supplier_id = fields.UUID()
    as_of = fields.Date()
    rules = fields.String()
    cases = fields.List(fields.Nested(CaseLeverage))

    example: ClassVar[dict[str, Any]] = {
        "supplier_id": RANKED["supplier_id"],
        "as_of": "2026-11-22",
        "rules": "2026-1",
        "cases": [
            RANKED
            | {
                "contracts": [
                    {
                        "contract_id": "01938f3e-5c1b-7e03-b1a9-5c6d7e8f9a03",
                        "regions": ["01", "14"],
                        "starts_on": "2025-01-01",
                        "ends_on": "2028-12-31",
                        "value_ore": 12_500_000_000,
                        "currency": "SEK",
                        "spend_ore": 3_122_861_054,
                    }
                ]
            }
        ],
    }


class YearQuery(Schema):
    """The year that follow-up is planned for: contracts count from its first day, or from today."""

    year = fields.Integer(load_default=None, validate=validate.Range(FIRST_YEAR, LAST_YEAR))


class RankingQuery(PageQuery):
    """The year that follow-up is planned for; the most urgent case first, those without a score last."""

    key = ("position", "supplier_id")

    year = fields.Integer(load_default=None, validate=validate.Range(FIRST_YEAR, LAST_YEAR))
