"""What goes over the wire: plain dictionaries, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chassis.ids import uuid7

Message = dict[str, Any]
# Which role hears it
HEARD_BY = {"assessment_completed": "scores", "score_changed": "plans", "audit_planned": "notes"}


def first(data: dict[str, Any]) -> Message:
    """Return the message that a chain begins with."""
    identifier = str(uuid7())
    return {
        "id": identifier,
        "subject": f"{data['supplier_id']}/{data['category_id']}",
        "time": _now(),
        "correlation_id": identifier,
        "cause": None,
        "type": "assessment_completed",
        "data": data,
    }


def following(cause: Message, kind: str, subject: str, data: dict[str, Any]) -> Message:
    """Return the message that follows from another."""
    return {
        "id": str(uuid7()),
        "subject": subject,
        "time": _now(),
        "correlation_id": cause["correlation_id"],
        "cause": cause["id"],
        "type": kind,
        "data": data,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()
