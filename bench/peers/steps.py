"""What each stage does with its rows, by psycopg2, in a transaction of the caller's."""

from __future__ import annotations

import importlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import psycopg2

from bench.chain.trivial import domain
from bench.peers import statements
from bench.peers.messages import Message, following
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Step = Callable[[Any, Message], list[Message]]

RELAY_SECONDS = 0.05
_here = threading.local()


def score(connection: Any, message: Message) -> list[Message]:
    """Score the case anew."""
    data = message["data"]
    key = data["supplier_id"], data["category_id"]
    value = domain.score(data["claimed"])
    with connection.cursor() as cursor:
        cursor.execute(statements.SAVE_SCORE, (value, *key))
        (previous,) = cursor.fetchone()
        cursor.execute(statements.ADD_SCORE, (str(uuid7()), *key, value, previous, message["id"]))
    told = {"supplier_id": key[0], "category_id": key[1], "value": value, "previous": previous}
    return [following(message, "score_changed", message["subject"], told)]


def plan(connection: Any, message: Message) -> list[Message]:
    """Plan an audit."""
    data = message["data"]
    audit = {
        "audit_id": str(uuid7()),
        "supplier_id": data["supplier_id"],
        "category_id": data["category_id"],
        "kind": domain.KIND,
        "due_on": domain.due_on(data["value"]).isoformat(),
    }
    with connection.cursor() as cursor:
        cursor.execute(statements.ADD_AUDIT, (*audit.values(), message["id"]))
    return [following(message, "audit_planned", audit["audit_id"], audit)]


def note(connection: Any, message: Message) -> list[Message]:
    """Keep a notice."""
    data = message["data"]
    text = domain.text(data["kind"], domain.date.fromisoformat(data["due_on"]))
    row = str(uuid7()), message["id"], data["supplier_id"], data["audit_id"], text
    with connection.cursor() as cursor:
        cursor.execute(statements.ADD_NOTICE, row)
    return []


STEPS: dict[str, Step] = {"scores": score, "plans": plan, "notes": note}


def is_trivial() -> bool:
    """Tell whether the steps here are the ones to do."""
    return os.environ.get("BENCH_BUSINESS", "trivial") == "trivial"


def chosen() -> dict[str, Step]:
    """Return the step of each role: ours, or those of the module that BENCH_BUSINESS names."""
    return STEPS if is_trivial() else _business().STEPS


def connect() -> Any:
    """Open a connection as the chosen steps want it."""
    open_one = psycopg2.connect if is_trivial() else getattr(_business(), "connect", psycopg2.connect)
    return open_one(os.environ["DATABASE_URL"])


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


def _business() -> Any:
    return importlib.import_module(f"bench.peers.{os.environ['BENCH_BUSINESS']}")
