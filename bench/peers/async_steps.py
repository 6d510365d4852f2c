"""What each stage does with its rows, by asyncpg, in one transaction; other steps run in threads."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from bench.chain import business
from bench.peers import statements, steps
from bench.peers.messages import Message, following
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    Step = Callable[[Any, Message], Awaitable[list[Message]]]

chosen = business.chosen()
_KEEP_EVENT = statements.numbered(statements.KEEP_EVENT)
_SAVE_SCORE = statements.numbered(statements.SAVE_SCORE)
_ADD_SCORE = statements.numbered(statements.ADD_SCORE)
_ADD_AUDIT = statements.numbered(statements.ADD_AUDIT)
_ADD_NOTICE = statements.numbered(statements.ADD_NOTICE)
_ADD_ASSESSMENT = statements.numbered(statements.ADD_ASSESSMENT)
_ADD_TO_OUTBOX = statements.numbered(statements.ADD_TO_OUTBOX)


async def score(connection: Any, message: Message) -> list[Message]:
    """Score the case anew."""
    data = business.read(chosen.Assessment, message["data"])
    key = data["supplier_id"], data["category_id"]
    found = chosen.scored(data)
    previous = await connection.fetchval(_SAVE_SCORE, found.value, *key)
    row = uuid7(), *key, found.value, previous, found.explained, message["id"]
    await connection.execute(_ADD_SCORE, *row)
    plain = business.told(chosen.ScoreTold, chosen.told_score(key, found, previous))
    return [following(message, "score_changed", message["subject"], plain)]


async def plan(connection: Any, message: Message) -> list[Message]:
    """Plan an audit."""
    data = business.read(chosen.Score, message["data"])
    audit_id = uuid7()
    audit = chosen.planned(data, audit_id, UUID(message["id"]))
    key = data["supplier_id"], data["category_id"]
    row = audit_id, *key, audit.kind, audit.due_on, audit.explained, message["id"]
    await connection.execute(_ADD_AUDIT, *row)
    plain = business.told(chosen.AuditTold, audit.told)
    return [following(message, "audit_planned", str(audit_id), plain)]


async def note(connection: Any, message: Message) -> list[Message]:
    """Keep a notice."""
    data = business.read(chosen.Audit, message["data"])
    text = chosen.noticed(data, UUID(message["id"]))
    row = uuid7(), message["id"], data["supplier_id"], data["audit_id"], text
    await connection.execute(_ADD_NOTICE, *row)
    return []


STEPS: dict[str, Step] = {"scores": score, "plans": plan, "notes": note}


async def pool(size: int) -> Any:
    """Open a pool whose connections are left as they are between two uses: nothing here changes a session."""

    async def nothing(_: Any) -> None:
        pass

    return await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=size, reset=nothing)


async def handle(
    pool: Any, role: str, queue: str, message: Message, *, outbox: bool = False
) -> list[Message]:
    """Do a step once and commit; return what is to be told now: nothing where there is an outbox."""
    async with pool.acquire() as connection, connection.transaction():
        is_new = await connection.fetchval(_KEEP_EVENT, queue, message["id"])
        told = await STEPS[role](connection, message) if is_new else []
        if outbox:
            await keep(connection, told)
    return [] if outbox else told


async def keep(connection: Any, told: Iterable[Message]) -> None:
    """Put messages into the outbox."""
    for message in told:
        await connection.execute(_ADD_TO_OUTBOX, message["type"], json.dumps(message))


async def waiting(pool: Any) -> int:
    """Return how many messages the outbox holds."""
    return int(await pool.fetchval("SELECT count(*) FROM outbox"))


async def relay(pool: Any, publish: Callable[[Message], Awaitable[Any]]) -> None:
    """Publish all that waits in the outbox, oldest first, and delete it: every 50 ms, until cancelled."""
    while True:
        full = True
        while full:
            async with pool.acquire() as connection, connection.transaction():
                rows = sorted(await connection.fetch(statements.TAKE_FROM_OUTBOX), key=lambda row: row["id"])
                await asyncio.gather(*[publish(json.loads(row["body"])) for row in rows])
            full = len(rows) == 500
        await asyncio.sleep(steps.RELAY_SECONDS)


async def add_assessment(pool: Any, message: Message, *, outbox: bool = False) -> None:
    """Keep a completed self-assessment, and commit."""
    data = message["data"]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_ADD_ASSESSMENT, data["assessment_id"], json.dumps(data))
        if outbox:
            await keep(connection, [message])
