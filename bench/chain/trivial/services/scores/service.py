"""The score of each case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.chain.trivial import domain
from chassis import config, outbox, sql
from chassis.entrypoints import Settings, on_events
from chassis.events import Event
from chassis.ids import uuid7
from services.scores import events

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.events import Received

queries: Any = sql.load(__file__)


class Service:
    """The score of each case, and its history."""

    name = "scores"
    settings = Settings(config.Settings)

    @on_events("answers", events.AssessmentCompleted, queue="scores.rescore")
    def rescore(self, tx: Transaction, batch: list[Received]) -> None:
        """Score the cases anew, in the order of the events."""
        known = _locked(tx, batch)
        rows = []
        for event in batch:
            key = event.data["supplier_id"], event.data["category_id"]
            value = domain.score(event.data["claimed"])
            rows.append(_row(event, value, known[key]))
            known[key] = value
        tx.later(queries.save_scores, rows=sql.rows(rows))
        outbox.emit(tx, [_told(event, row) for event, row in zip(batch, rows, strict=True)])


def _locked(tx: Transaction, batch: list[Received]) -> dict[tuple[Any, str], int]:
    keys = sorted({(event.data["supplier_id"], event.data["category_id"]) for event in batch})
    rows = queries.lock_scores(
        tx, keys=sql.rows([{"supplier_id": each, "category_id": its} for each, its in keys])
    )
    return {(row.supplier_id, row.category_id): row.value for row in rows}


def _row(event: Received, value: int, previous: int) -> dict[str, Any]:
    return {
        "score_id": uuid7(),
        "supplier_id": event.data["supplier_id"],
        "category_id": event.data["category_id"],
        "value": value,
        "previous": previous,
        "cause": event.id,
    }


def _told(event: Received, row: dict[str, Any]) -> Event:
    data = {name: row[name] for name in ("supplier_id", "category_id", "value", "previous")}
    return Event(schema=events.ScoreChanged, subject=event.subject, data=data, cause=event)
