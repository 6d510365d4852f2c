"""Audits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orjson import Fragment

from bench.chain import business
from chassis import config, outbox, sql, turns
from chassis.entrypoints import Settings, on_events
from chassis.events import Event
from chassis.ids import uuid7
from services.plans import events

if TYPE_CHECKING:
    from uuid import UUID

    from bench.chain.business import Planned
    from chassis.db import Transaction
    from chassis.events import Received

queries: Any = sql.load(__file__, planned=("save_audits",))
chosen = business.chosen()


class Service:
    """Plans an audit of whatever has a new score."""

    name = "plans"
    settings = Settings(config.Settings)

    @on_events("scores", events.ScoreChanged, queue="plans.decide")
    def plan(self, tx: Transaction, batch: list[Received]) -> None:
        """Plan an audit of each."""
        rows, told = [], []
        for event in batch:
            turns.passed()
            audit_id = uuid7()
            audit = chosen.planned(event.data, audit_id, event.id)
            rows.append(_row(event, audit_id, audit))
            told.append(
                Event(schema=events.AuditPlanned, subject=str(audit_id), data=audit.told, cause=event)
            )
        tx.later(queries.save_audits, rows=sql.rows(rows))
        outbox.emit(tx, told)


def _row(event: Received, audit_id: UUID, audit: Planned) -> dict[str, Any]:
    return {
        "audit_id": audit_id,
        "supplier_id": event.data["supplier_id"],
        "category_id": event.data["category_id"],
        "kind": audit.kind,
        "due_on": audit.due_on,
        "explained": audit.explained and Fragment(audit.explained),
        "cause": event.id,
    }
