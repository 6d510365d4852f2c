"""What scores are computed with beside a case's own facts: the rule set in force, values, analyses.

Who scores shares it before reading any of it, and before locking cases; who changes it has it alone before
writing. So whatever is scored while a change is written follows the old and is there when the change's wave
begins, and whatever is scored after it follows the new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql

if TYPE_CHECKING:
    from chassis.db import Transaction

queries: Any = sql.load(__file__)

# An advisory lock: any constant will do, as long as nobody else has it
_LOCK = 7_305_205


def share(tx: Transaction) -> None:
    """Let nobody change it until the transaction ends, from the next statement on."""
    tx.later(queries.share_basis, key=_LOCK)


def hold(tx: Transaction) -> None:
    """Let nobody else change it, and nobody score, until the transaction ends."""
    list(queries.hold_basis(tx, key=_LOCK))


def mark(tx: Transaction) -> tuple[Any, ...]:
    """Return what is another after each change of it; the caller shares it."""
    return tuple(queries.basis(tx))
