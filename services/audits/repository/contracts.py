"""Which cases have a contract, and which decisions took it otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from services.audits.domain.case import CaseKey

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from chassis.db import Transaction

queries: Any = sql.load(__file__)


def share_suppliers(tx: Transaction, supplier_ids: Collection[UUID]) -> None:
    """Keep what is known of suppliers as it is until the transaction ends; before cases are locked.

    Of those that are not told of yet, too.
    """
    tx.later(queries.make_suppliers, supplier_ids=sorted(supplier_ids))
    list(queries.share_suppliers(tx, supplier_ids=sorted(supplier_ids)))


def add_unchecked(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note that decisions of suppliers just told of (supplier_id, told_by: which event) are to be looked at.

    After they were saved: cases that were being decided meanwhile are there then.
    """
    queries.add_unchecked(tx, rows=sql.rows(rows))


def claim_unchecked(tx: Transaction, limit: int) -> list[dict[str, Any]]:
    """Return up to `limit` suppliers (supplier_id, told_by) whose decisions are to be looked at: once."""
    return [row._asdict() for row in queries.claim_unchecked(tx, limit=limit)]


def otherwise_decided(
    tx: Transaction, claimed: Sequence[Mapping[str, Any]], planned: Sequence[str]
) -> dict[CaseKey, list[UUID]]:
    """Lock the cases of claimed suppliers; return those to be decided again, with the events behind it.

    Their final decision took it otherwise whether there is a contract. `planned`: the outcomes that, beside
    an audit, make it matter that none is left.
    """
    list(queries.lock_cases_of(tx, supplier_ids=sorted(each["supplier_id"] for each in claimed)))
    rows = queries.otherwise_decided(tx, claimed=sql.rows(claimed), planned=list(planned))
    return {CaseKey(row.supplier_id, row.category_id): row.events for row in rows}
