"""What changed, for systems that poll: every write of a person or an event, in an order that is never rewritten.

Rows get their `seq` from the sealer, after the commit; who has read up to one has missed nothing before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from chassis import clock, sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chassis.db import Transaction
    from chassis.trail import Owners

queries: Any = sql.load(__file__)


class Change(NamedTuple):
    """A thing that was created, changed, deleted, or merged `into` another; owners None: everybody may know."""

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
        queries.note_changes(tx, rows=sql.rows(noted), at=clock.now())
        tx.wake("seal")
