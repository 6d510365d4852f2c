"""What changed, for systems that poll: every write of a person or an event, in an order that stays.

Rows get their `seq` from the sealer, after the commit; who has read up to one has missed nothing before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson

from chassis import clock, sql
from chassis.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chassis.access import Owners
    from chassis.db import Transaction

queries: Any = sql.load(__file__, planned=("note_changes",))

# A page looks at so many rows at most: who may see few of many gets there in several short steps.
SPAN = 10_000


class Resource(NamedTuple):
    """A kind of thing that a service tells of: the scope that reads it, and whether each belongs to somebody.

    `owned`: a change that names no owners is nobody's, not everybody's.
    """

    scope: str
    owned: bool = False


class Change(NamedTuple):
    """A thing that was created, changed, deleted, or merged `into` another; owners None: everybody's."""

    resource: str
    id: UUID | str
    kind: str = "changed"
    owners: Owners | None = None
    into: UUID | str | None = None


def note(tx: Transaction, rows: Iterable[Change]) -> None:
    """Note what events changed, in one statement. What a person writes is noted by `trail.wrote`."""
    noted = [
        each._asdict()
        | {"id": str(each.id), "into": each.into and str(each.into), "owners": each.owners or None}
        for each in rows
    ]
    if noted:
        tx.later(queries.note_changes, rows=sql.rows(noted), at=clock.now())
        tx.wake("seal")


class Position(NamedTuple):
    """How far somebody has read: a seq, and the epoch in which it was given (a restore begins a new one)."""

    epoch: int = 0
    seq: int = 0

    def __str__(self) -> str:
        """Return it as `next` shows it."""
        return f"{self.epoch}-{self.seq}"


def since(
    tx: Transaction,
    position: Position,
    limit: int,
    *,
    resources: Mapping[str, Resource] | None = None,
    limits: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what changed after a position: `{"items": [...], "next": position}`, in the order of seq.

    `next` moves on even where nothing is shown, and is what was asked with once there is nothing more.
    `resources`: only things of these kinds, else of all. `limits`: only things that belong to one of these
    claims' values, or name no owners and are not of an `owned` kind. Raises Conflict for a position that a
    restore has undone or that was never given.
    """
    own = [orjson.dumps({claim: [value]}).decode() for claim, value in (limits or {}).items()]
    rows = list(
        queries.changes_since(
            tx,
            since=position.seq,
            epoch=position.epoch,
            span=SPAN,
            limit=limit,
            resources=None if resources is None else sorted(resources),
            owned=sorted(name for name, each in (resources or {}).items() if each.owned),
            limits=own or None,
        )
    )
    first = rows[0]
    refuse_lost(first)
    items = [_item(row) for row in rows if row.seq is not None]
    reached = items[-1]["seq"] if len(items) == limit else min(first.head, position.seq + SPAN)
    return {"items": items, "next": str(Position(first.epoch, reached))}


def refuse_lost(row: Any) -> None:
    """Raise Conflict if a feed says that a place in it is none."""
    if row.lost:
        raise Conflict(
            "This place was undone by a restore, or was never given: read everything again, without since."
        )


def _item(row: Any) -> dict[str, Any]:
    names = ("seq", "resource", "id", "kind", "at")
    return {name: getattr(row, name) for name in names} | {"into": row.merged_into}
