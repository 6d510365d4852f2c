"""Next to no business: what is left is what carries the events."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from marshmallow import fields

from bench.chain.business import Planned, Scored
from chassis.events import EventSchema, EventSlice

if TYPE_CHECKING:
    from uuid import UUID

_FIRST_DAY = date(2026, 1, 1)
_KIND = "office_audit"


class Assessment(EventSlice):
    """What a score follows from; the business is trivial, and so is the check."""

    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    claimed = fields.Raw(required=True)


class ScoreTold(EventSchema):
    """[supplier/category] A case has a new score."""

    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    value = fields.Integer(required=True)
    previous = fields.Integer(required=True)


class Score(EventSlice):
    """What an audit follows from."""

    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    value = fields.Integer(required=True)


class AuditTold(EventSchema):
    """[audit] An audit is planned."""

    audit_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    category_id = fields.String(required=True)
    kind = fields.String(required=True)
    due_on = fields.Date(required=True)


class Audit(EventSlice):
    """What somebody is told."""

    audit_id = fields.UUID(required=True)
    supplier_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    due_on = fields.Date(required=True)


def scored(data: dict[str, Any]) -> Scored:
    """Return a number that another matrix makes another one."""
    return Scored(sum(int(cell) for row in data["claimed"] for cell in row if cell is not None) % 101, None)


def told_score(key: tuple[UUID, str], found: Scored, previous: Any) -> dict[str, Any]:
    """Return what is told of a score."""
    return {
        "supplier_id": key[0],
        "category_id": key[1],
        "value": int(found.value),
        "previous": int(previous),
    }


def planned(data: dict[str, Any], audit_id: UUID, _cause: UUID) -> Planned:
    """Plan an audit on the day that a score stands for."""
    due_on = _FIRST_DAY + timedelta(days=data["value"])
    told = {
        "audit_id": audit_id,
        "supplier_id": data["supplier_id"],
        "category_id": data["category_id"],
        "kind": _KIND,
        "due_on": due_on,
    }
    return Planned(_KIND, due_on, None, told)


def noticed(data: dict[str, Any], _event_id: UUID) -> str:
    """Return what a notice says."""
    return f"{data['kind']} by {data['due_on'].isoformat()}"
