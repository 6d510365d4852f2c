"""The yearly proposal of cases to follow up in a category, and what a person makes of it."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate

from chassis.fields import Id, List, Text
from chassis.http import PageQuery
from services.suppliers.schemas.common import LONGEST_TERM, SLUG, StoredDate
from services.suppliers.schemas.leverage import FIRST_YEAR, LAST_YEAR, RANKED, RankedCase

STATES = ("draft", "confirmed")
MOST_CASES = 200
_ID = "01938f40-6f1e-7a10-8b1c-2d3e4f5a6b33"
_ADDED = {
    "supplier_id": "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e22",
    "reason": "Deklarerade en ny fabrik i november.",
}


def _distinct_suppliers(values: list[dict[str, Any]]) -> None:
    if len({each["supplier_id"] for each in values}) != len(values):
        raise ValidationError("Must not name a supplier twice.")


class Reasoned(Schema):
    """A supplier that a person adds or removes, and why."""

    supplier_id = Id(required=True)
    reason = Text(LONGEST_TERM, required=True)


class NewFollowUp(Schema):
    """Which proposal is asked for: so many cases of a category, to follow up in a year."""

    category_id = fields.String(required=True, validate=SLUG)
    year = fields.Integer(required=True, strict=True, validate=validate.Range(FIRST_YEAR, LAST_YEAR))
    size = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_CASES))

    example: ClassVar[dict[str, Any]] = {"category_id": "handskar", "year": 2027, "size": 8}


class FollowUpChange(Schema):
    """What a person makes of a proposal, whole; `confirmed` is for ever, and tells the others."""

    state = fields.String(required=True, validate=validate.OneOf(STATES))
    added = List(fields.Nested(Reasoned), most=MOST_CASES, required=True, validate=_distinct_suppliers)
    removed = List(fields.Nested(Reasoned), most=MOST_CASES, required=True, validate=_distinct_suppliers)

    example: ClassVar[dict[str, Any]] = {"state": "confirmed", "added": [_ADDED], "removed": []}


class FollowUpSummary(Schema):
    """A proposal without its cases; `selected`: the suppliers to follow up as it stands."""

    follow_up_id = fields.UUID()
    version = fields.Integer()
    category_id = fields.String()
    year = fields.Integer()
    size = fields.Integer()
    as_of = StoredDate()
    rules = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    selected = fields.List(fields.UUID())
    asked_at = fields.AwareDateTime()
    asked_by = fields.String()
    confirmed_at = fields.AwareDateTime(allow_none=True)
    confirmed_by = fields.String(allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "follow_up_id": _ID,
        "version": 2,
        "category_id": "handskar",
        "year": 2027,
        "size": 1,
        "as_of": "2027-01-01",
        "rules": "2026-1",
        "state": "confirmed",
        "selected": [RANKED["supplier_id"], _ADDED["supplier_id"]],
        "asked_at": "2026-11-22T08:00:00+00:00",
        "asked_by": "kim",
        "confirmed_at": "2026-11-23T08:00:00+00:00",
        "confirmed_by": "kim",
    }


class FollowUpView(FollowUpSummary):
    """A proposal with every case's arithmetic, as it was when it was made.

    `passed_over`: more urgent than the last that is proposed, but something hindered. `added_cases`: the
    arithmetic of those that were added.
    """

    proposed = fields.List(fields.Nested(RankedCase))
    passed_over = fields.List(fields.Nested(RankedCase))
    added = fields.List(fields.Nested(Reasoned))
    added_cases = fields.List(fields.Nested(RankedCase))
    removed = fields.List(fields.Nested(Reasoned))

    example: ClassVar[dict[str, Any]] = {
        **FollowUpSummary.example,
        "proposed": [RANKED],
        "passed_over": [],
        "added": [_ADDED],
        "added_cases": [RANKED | {"supplier_id": _ADDED["supplier_id"]}],
        "removed": [],
    }


class FollowUpQuery(PageQuery):
    """Only one category's, one year's, or those in one state."""

    key = ("follow_up_id",)
    sorts: ClassVar = {"year": "year", "asked_at": "asked_at"}

    category_id = fields.String(load_default=None)
    year = fields.Integer(load_default=None, validate=validate.Range(FIRST_YEAR, LAST_YEAR))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
