"""Where a chain begins: a self-assessment is completed over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from marshmallow import Schema, fields

from chassis import config, outbox, sql
from chassis.changes import Resource
from chassis.entrypoints import Settings, http
from chassis.events import Event
from services.answers import events

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call

queries: Any = sql.load(__file__, planned=("save_assessment",))


class Answers(Schema):
    """What the event tells, as it comes in."""

    data = fields.Dict(fields.String(), fields.Raw(), required=True)


class Service:
    """Completed self-assessments."""

    name = "answers"
    settings = Settings(config.Settings)
    resources: ClassVar[dict[str, Resource]] = {}

    @http("PUT", "/assessments/<uuid:assessment_id>", scope="suppliers:write", body=Answers)
    def put_assessment(self, tx: Transaction, call: Call, assessment_id: UUID) -> None:
        """Keep a completed self-assessment, and tell of it."""
        data = call.body["data"]
        queries.save_assessment(tx, assessment_id=assessment_id, data=sql.document(data))
        subject = f"{data['supplier_id']}/{data['category_id']}"
        outbox.emit(tx, [Event(schema=events.AssessmentCompleted, subject=subject, data=data)])
