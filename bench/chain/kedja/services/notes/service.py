"""Notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.chain import business
from chassis import config, sql
from chassis.entrypoints import Settings, on_events
from chassis.ids import uuid7
from services.notes import events

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.events import Received

queries: Any = sql.load(__file__, planned=("save_notices",))
chosen = business.chosen()


class Service:
    """Notes whom to tell of planned audits."""

    name = "notes"
    settings = Settings(config.Settings)

    @on_events("plans", events.AuditPlanned, queue="notes.tell")
    def tell(self, tx: Transaction, batch: list[Received]) -> None:
        """Make a notice of each."""
        tx.later(queries.save_notices, rows=sql.rows([_notice(event) for event in batch]))


def _notice(event: Received) -> dict[str, Any]:
    data = event.data
    return {
        "notice_id": uuid7(),
        "event_id": event.id,
        "supplier_id": data["supplier_id"],
        "audit_id": data["audit_id"],
        "text": chosen.noticed(data, event.id),
    }
