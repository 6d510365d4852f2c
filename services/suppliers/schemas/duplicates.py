"""Pairs of suppliers that may be one, what is decided of them, and merges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema, fields, validate

from chassis.fields import Id, List, Text
from chassis.http import PageQuery
from services.suppliers.schemas.common import distinct
from services.suppliers.schemas.identifiers import FormerIdentifiers, person
from services.suppliers.schemas.registry import SupplierView

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS = ("identifier", "name", "similar_name")
DUPLICATE_STATES = ("open", "rejected", "merged")
LONGEST_REASON, MOST_ABSORBED = 1000, 20
_ONE, _OTHER = "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e11", "01938f3e-5c1a-7c4e-9a57-3f0d2c6b8e12"


class DuplicateView(Schema):
    """Two suppliers (`one` < `other`) that may be one; names are null of those that are no more.

    `similarity`: of their names, 0-1, where that is a reason. Who decided, and why, is the office's: null for
    everybody else.
    """

    duplicate_id = fields.UUID()
    version = fields.Integer()
    one = fields.UUID()
    other = fields.UUID()
    one_name = fields.String(allow_none=True)
    other_name = fields.String(allow_none=True)
    reasons = fields.List(fields.String(validate=validate.OneOf(REASONS)))
    similarity = fields.Decimal(allow_none=True)
    found_at = fields.AwareDateTime()
    state = fields.String(validate=validate.OneOf(DUPLICATE_STATES))
    decided_at = fields.AwareDateTime(allow_none=True)
    decided_by = fields.String(allow_none=True)
    decision_reason = fields.String(allow_none=True)

    example: ClassVar[dict[str, Any]] = {
        "duplicate_id": "0b6f2a52-7d0e-4a7b-9a57-1f0d2c6b8e20",
        "version": 1,
        "one": _ONE,
        "other": _OTHER,
        "one_name": "Exempelleverantör 017 AB",
        "other_name": "Exempelleverantör 017 Aktiebolag",
        "reasons": ["name"],
        "similarity": None,
        "found_at": "2026-11-21T12:00:00+00:00",
        "state": "open",
        "decided_at": None,
        "decided_by": None,
        "decision_reason": None,
    }


class DuplicateQuery(PageQuery):
    """Filters of the list of pairs; `supplier_id`: pairs with that supplier."""

    key = ("duplicate_id",)
    sorts: ClassVar = {"found_at": "found_at"}

    state = fields.String(load_default=None, validate=validate.OneOf(DUPLICATE_STATES))
    reason = fields.String(load_default=None, validate=validate.OneOf(REASONS))
    supplier_id = fields.UUID(load_default=None)


class Rejection(Schema):
    """Why two suppliers are not one."""

    reason = Text(LONGEST_REASON, required=True)

    example: ClassVar[dict[str, Any]] = {"reason": "Two companies of one group, each with its own orgnr."}


class DuplicateConfirmation(Schema):
    """Which of the two stays, and why they are one."""

    survivor_id = Id(required=True)
    reason = Text(LONGEST_REASON, required=True)

    example: ClassVar[dict[str, Any]] = {"survivor_id": _ONE, "reason": "Registered by two regions."}


class Merge(Schema):
    """Suppliers that become one with that of the address; their ids mean it from then on."""

    absorbed_ids = List(Id(), required=True, validate=[validate.Length(1, MOST_ABSORBED), distinct])
    reason = Text(LONGEST_REASON, required=True)

    example: ClassVar[dict[str, Any]] = {"absorbed_ids": [_OTHER], "reason": "Registered by two regions."}


class RecordedNumber(Schema):
    """A region's own number; a natural person's stands apart, as personal data."""

    region = fields.String()
    number = fields.String(allow_none=True)
    person = fields.String(metadata={"personal": True})


def recorded(supplier: Mapping[str, Any]) -> dict[str, Any]:
    """Return a supplier, whole, as the audit trail may have it by `WholeRecord`."""
    numbers = [
        {"region": own["region"], "number": None, "person": own["number"]} if person(own["number"]) else own
        for own in supplier["own_numbers"]
    ]
    return {**supplier, "own_numbers": numbers}


class WholeRecord(SupplierView):
    """A supplier with everything that a merge moves: what the audit trail keeps, to take it apart by.

    `cases`: each with its judgement as it is stored; `score_ids`: its scores;
    `audit_ids`, `deviation_ids`: what audits told of it; `doubled_contacts`: contact ->
    that of the survivor with the same address, which stays instead. Made of what `recorded` returns.
    """

    own_numbers = fields.List(fields.Nested(RecordedNumber))
    former_identifiers = fields.Nested(FormerIdentifiers)
    cases = fields.List(fields.Dict())
    score_ids = fields.List(fields.UUID())
    audit_ids = fields.List(fields.UUID())
    deviation_ids = fields.List(fields.UUID())
    duplicates = fields.List(fields.Dict())
    doubled_contacts = fields.Dict(fields.String(), fields.String())
    reason = fields.String()
