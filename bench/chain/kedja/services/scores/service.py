"""The score of each case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orjson import Fragment

from bench.chain import business
from chassis import config, outbox, sql, turns
from chassis.entrypoints import Settings, on_events
from chassis.events import Event
from chassis.ids import uuid7
from services.scores import events

if TYPE_CHECKING:
    from bench.chain.business import Scored
    from chassis.db import Transaction
    from chassis.events import Received

queries: Any = sql.load(__file__, planned=("lock_scores", "save_scores"))
chosen = business.chosen()


class Service:
    """The score of each case, and its history."""

    name = "scores"
    settings = Settings(config.Settings)

    @on_events("answers", events.AssessmentCompleted, queue="scores.rescore")
    def rescore(self, tx: Transaction, batch: list[Received]) -> None:
        """Score the cases anew, in the order of the events."""
        known, rows, told = _locked(tx, batch), [], []
        for event in batch:
            turns.passed()
            key = event.data["supplier_id"], event.data["category_id"]
            found = chosen.scored(event.data)
            rows.append(_row(event, found, known[key]))
            told.append(_told(event, chosen.told_score(key, found, known[key])))
            known[key] = found.value
        tx.later(queries.save_scores, rows=sql.rows(rows))
        outbox.emit(tx, told)


def _locked(tx: Transaction, batch: list[Received]) -> dict[tuple[Any, str], Any]:
    keys = sorted({(event.data["supplier_id"], event.data["category_id"]) for event in batch})
    rows = queries.lock_scores(
        tx, keys=sql.rows([{"supplier_id": each, "category_id": its} for each, its in keys])
    )
    return {(row.supplier_id, row.category_id): row.value for row in rows}


def _row(event: Received, found: Scored, previous: Any) -> dict[str, Any]:
    return {
        "score_id": uuid7(),
        "supplier_id": event.data["supplier_id"],
        "category_id": event.data["category_id"],
        "value": found.value,
        "previous": previous,
        "explained": found.explained and Fragment(found.explained),
        "cause": event.id,
    }


def _told(event: Received, data: dict[str, Any]) -> Event:
    return Event(schema=events.ScoreChanged, subject=event.subject, data=data, cause=event)
