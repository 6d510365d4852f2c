"""Audits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.chain.trivial import domain
from chassis import config, outbox, sql
from chassis.entrypoints import Settings, on_events
from chassis.events import Event
from chassis.ids import uuid7
from services.plans import events

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.events import Received

queries: Any = sql.load(__file__)


class Service:
    """Plans an audit of whatever has a new score."""

    name = "plans"
    settings = Settings(config.Settings)

    @on_events("scores", events.ScoreChanged, queue="plans.decide")
    def plan(self, tx: Transaction, batch: list[Received]) -> None:
        """Plan an audit of each."""
        audits = [_audit(event) for event in batch]
        rows = [{**audit, "cause": event.id} for audit, event in zip(audits, batch, strict=True)]
        tx.later(queries.save_audits, rows=sql.rows(rows))
        outbox.emit(tx, [_told(event, audit) for event, audit in zip(batch, audits, strict=True)])


def _audit(event: Received) -> dict[str, Any]:
    return {
        "audit_id": uuid7(),
        "supplier_id": event.data["supplier_id"],
        "category_id": event.data["category_id"],
        "kind": domain.KIND,
        "due_on": domain.due_on(event.data["value"]),
    }


def _told(event: Received, audit: dict[str, Any]) -> Event:
    return Event(schema=events.AuditPlanned, subject=str(audit["audit_id"]), data=audit, cause=event)
