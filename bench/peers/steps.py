"""What each stage does with its rows, by psycopg2, in a transaction of the caller's."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg2

from bench.chain import business
from bench.peers import statements
from bench.peers.messages import Message, following
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Step = Callable[[Any, Message], list[Message]]

RELAY_SECONDS = 0.05
chosen = business.chosen()
_here = threading.local()


def score(connection: Any, message: Message) -> list[Message]:
    """Score the case anew."""
    data = business.read(chosen.Assessment, message["data"])
    key = str(data["supplier_id"]), data["category_id"]
    found = chosen.scored(data)
    with connection.cursor() as cursor:
        cursor.execute(statements.SAVE_SCORE, (found.value, *key))
        (previous,) = cursor.fetchone()
        row = str(uuid7()), *key, found.value, previous, found.explained, message["id"]
        cursor.execute(statements.ADD_SCORE, row)
    told = chosen.told_score((data["supplier_id"], data["category_id"]), found, previous)
    plain = business.told(chosen.ScoreTold, told)
    return [following(message, "score_changed", message["subject"], plain)]


def plan(connection: Any, message: Message) -> list[Message]:
    """Plan an audit."""
    data = business.read(chosen.Score, message["data"])
    audit_id = uuid7()
    audit = chosen.planned(data, audit_id, UUID(message["id"]))
    key = str(data["supplier_id"]), data["category_id"]
    row = str(audit_id), *key, audit.kind, audit.due_on, audit.explained, message["id"]
    with connection.cursor() as cursor:
        cursor.execute(statements.ADD_AUDIT, row)
    plain = business.told(chosen.AuditTold, audit.told)
    return [following(message, "audit_planned", str(audit_id), plain)]


def note(connection: Any, message: Message) -> list[Message]:
    """Keep a notice."""
    data = business.read(chosen.Audit, message["data"])
    text = chosen.noticed(data, UUID(message["id"]))
    row = str(uuid7()), message["id"], str(data["supplier_id"]), str(data["audit_id"]), text
    with connection.cursor() as cursor:
        cursor.execute(statements.ADD_NOTICE, row)
    return []


STEPS: dict[str, Step] = {"scores": score, "plans": plan, "notes": note}


def connect() -> Any:
    """Open a connection."""
    return psycopg2.connect(os.environ["DATABASE_URL"])


def connection() -> Any:
    """Return this thread's own connection."""
    kept = getattr(_here, "connection", None)
    if kept is None or kept.closed:
        kept = _here.connection = connect()
    return kept


def handle(
    connection: Any, queue: str, step: Step, message: Message, *, outbox: bool = False
) -> list[Message]:
    """Do a step once and commit; return what is to be told now: nothing where there is an outbox."""
    with connection:
        told = step(connection, message) if _is_new(connection, queue, message) else []
        if outbox:
            keep(connection, told)
    return [] if outbox else told


def keep(connection: Any, told: Iterable[Message]) -> None:
    """Put messages into the outbox."""
    with connection.cursor() as cursor:
        for message in told:
            cursor.execute(statements.ADD_TO_OUTBOX, (message["type"], json.dumps(message)))


def relay(connection: Any, publish: Callable[[Message], object]) -> None:
    """Publish all that waits in the outbox, oldest first, and delete it."""
    full = True
    while full:
        with connection, connection.cursor() as cursor:
            cursor.execute(statements.TAKE_FROM_OUTBOX)
            rows = sorted(cursor.fetchall())
            for _, body in rows:
                publish(json.loads(body))
        full = len(rows) == 500


def add_assessment(connection: Any, message: Message, *, outbox: bool = False) -> None:
    """Keep a completed self-assessment, and commit."""
    data = message["data"]
    with connection:
        with connection.cursor() as cursor:
            cursor.execute(statements.ADD_ASSESSMENT, (data["assessment_id"], json.dumps(data)))
        if outbox:
            keep(connection, [message])


def _is_new(connection: Any, queue: str, message: Message) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statements.KEEP_EVENT, (queue, message["id"]))
        return cursor.fetchone() is not None
