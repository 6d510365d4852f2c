"""Which supplier an id means, and moving what is kept of one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from chassis.db import Transaction

queries: Any = sql.load(__file__)


def save_merged(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep each survivor's newest list (supplier_id, version, absorbed_ids), all others out till the end."""
    queries.hold_merged(tx)
    queries.save_merged(tx, rows=sql.rows(rows))


def share(tx: Transaction) -> None:
    """Let nobody merge until the end."""
    queries.share_merged(tx)


def survivors(tx: Transaction, supplier_ids: Iterable[UUID], *, hold: bool = False) -> dict[UUID, UUID]:
    """Return which suppliers ids mean, where that is another one; `hold`: no merge until the end."""
    if hold:
        share(tx)
    rows = queries.survivors(tx, supplier_ids=sorted(set(supplier_ids)))
    return {row.supplier_id: row.survivor_id for row in rows}


def move(tx: Transaction, meant: Mapping[UUID, UUID]) -> list[Any]:
    """Move all that is kept of suppliers (absorbed -> survivor); return (id, supplier_id, category_id)."""
    rows = sql.rows([{"absorbed_id": each, "survivor_id": meant[each]} for each in sorted(meant)])
    list(queries.lock_moved(tx, pairs=rows))
    list(queries.lock_audits(tx, pairs=rows))
    queries.keep_survivors(tx, pairs=rows)
    queries.move_unchecked(tx, pairs=rows)
    queries.keep_cases(tx, pairs=rows)
    queries.move_decisions(tx, pairs=rows)
    moved = list(queries.move_audits(tx, pairs=rows))
    queries.delete_cases(tx, pairs=rows)
    queries.delete_absorbed(tx, pairs=rows)
    return moved
