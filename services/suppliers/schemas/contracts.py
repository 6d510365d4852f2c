"""Contracts: who buys what, under which clause, for how long, and what the clause demands."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.fields import List, Text
from services.suppliers import reference
from services.suppliers.schemas.common import (
    LONGEST_TEXT,
    OPTIONAL,
    REGION,
    SLUG,
    StoredDate,
    check_region,
    distinct,
)

CLAUSE_LEVELS = ("basic", "advanced")
# Those of the European Economic Area, and those that global contracts are made in.
CURRENCIES = (
    "SEK",
    "EUR",
    "NOK",
    "DKK",
    "ISK",
    "BGN",
    "CHF",
    "CZK",
    "GBP",
    "HUF",
    "JPY",
    "PLN",
    "RON",
    "USD",
)
MOST_ORE = 2**63 - 1
_MOST_DAYS, _MOST_WEEKS = 3650, 520

CONTRACT: dict[str, Any] = {
    "category_id": "handskar",
    "cpv": "33141420",
    "regions": ["01", "14"],
    "clause_level": "advanced",
    "clause_version": "2024-1",
    "starts_on": "2025-01-01",
    "ends_on": "2028-12-31",
    "option_ends_on": "2030-12-31",
    "value_ore": 12_500_000_000,
    "currency": "SEK",
    "terms": {
        "answer_weeks": 6,
        "remedy_days": 30,
        "vite_per_week_ore": 5_000_000,
        "vite_cap_ore": 50_000_000,
    },
    "reference": "01-2024-117",
}


_CPV = re.compile(r"([0-9]{8})(?:-[0-9])?")


class Cpv(fields.String):
    """A code of the procurement vocabulary; a check digit behind a hyphen is left away."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        written = _CPV.fullmatch(super()._deserialize(value, attr, data, **kwargs))
        if written is None or written[1] not in reference.cpv():
            raise ValidationError("Must be a CPV 2008 code of 8 digits.")
        return written[1]


def _days() -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(0, _MOST_DAYS), metadata=OPTIONAL)


def _weeks() -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(0, _MOST_WEEKS), metadata=OPTIONAL)


def _ore() -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(0, MOST_ORE), metadata=OPTIONAL)


class ClauseTerms(Schema):
    """What the contract's clause says, each in the unit of its name; what it does not say is left out.

    The periods: to answer a self-assessment, to report a severe deviation, to disclose the supply chain, to
    admit an audit, to propose an action plan (and where the deviation is severe), to remedy (and where it is
    critical; 0: at once). Vite, the penalty, is due per commenced week, up to a cap.
    """

    answer_weeks = _weeks()
    severe_report_weeks = _weeks()
    transparency_weeks = _weeks()
    audit_access_weeks = _weeks()
    plan_days = _days()
    plan_severe_days = _days()
    remedy_days = _days()
    remedy_critical_days = _days()
    vite_per_week_ore = _ore()
    vite_cap_ore = _ore()


class Contract(Schema):
    """A contract in one category; `ends_on` null means unknown.

    `option_ends_on`: the latest end, if all options are used; null: none. `value_ore`: hundredths of the
    currency. `cpv` is what was procured; the category is decided by itself.
    """

    category_id = fields.String(required=True, validate=SLUG)
    cpv = Cpv(load_default=None, allow_none=True)
    regions = List(
        fields.String(validate=check_region, metadata=REGION),
        required=True,
        validate=[validate.Length(min=1), distinct],
    )
    clause_level = fields.String(required=True, validate=validate.OneOf(CLAUSE_LEVELS))
    clause_version = Text(LONGEST_TEXT, required=True)
    starts_on = StoredDate(required=True)
    ends_on = StoredDate(load_default=None, allow_none=True)
    option_ends_on = StoredDate(load_default=None, allow_none=True)
    value_ore = fields.Integer(required=True, strict=True, validate=validate.Range(0, MOST_ORE))
    currency = fields.String(load_default="SEK", validate=validate.OneOf(CURRENCIES))
    terms = fields.Nested(ClauseTerms, load_default=dict)
    reference = Text(LONGEST_TEXT, load_default=None, allow_none=True)

    example: ClassVar[dict[str, Any]] = CONTRACT

    @validates_schema(skip_on_field_errors=False)
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        starts_on, ends_on = data.get("starts_on"), data.get("ends_on")
        option_ends_on = data.get("option_ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            raise ValidationError("Must not be before starts_on.", "ends_on")
        if option_ends_on and "ends_on" in data and (not ends_on or option_ends_on < ends_on):
            raise ValidationError("Needs an ends_on, and must not be before it.", "option_ends_on")


class ContractView(Contract):
    """A contract as it is kept; `imported`: an import of the past has made it."""

    supplier_id = fields.UUID(metadata=OPTIONAL)  # left out inside a supplier
    contract_id = fields.UUID()
    version = fields.Integer()
    imported = fields.Boolean()

    example: ClassVar[dict[str, Any]] = {
        "contract_id": "01938f3e-5c1b-7e03-b1a9-5c6d7e8f9a03",
        "version": 1,
        "imported": False,
        **CONTRACT,
    }


class ToldContract(Contract):
    """A contract as other services are told of it."""

    contract_id = fields.UUID()
    imported = fields.Boolean()
