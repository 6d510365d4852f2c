"""The sealer: gives committed rows of the audit trail and of `changes` their `seq`, and chains the trail.

A sequence drawn by the writers would have gaps, and not be in the order of commits: who has read 7 could
meet a 6 that commits later. So writers append unnumbered, and one sealer a service numbers what it finds
committed.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.metrics import Gauge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chassis.db import Database, Transaction

queries: Any = sql.load(__file__)

# Small enough that a batch is over in some tens of milliseconds.
BATCH = 1000
# Under load a batch takes in what a second has brought: a batch has a cost of its own, as of twenty rows.
GATHER_SECONDS = 1.0
# Any constant will do: one replica at a time seals.
_LOCK = 7_305_203


def seal(db: Database) -> bool:
    """Seal a batch of each feed, if no other replica is at it; tell whether there may be more."""
    with db.transaction() as tx:
        if not queries.may_seal(tx, key=_LOCK):
            return False
        queries.begin_epoch_of_feeds(tx)
        sealed = max(_seal_trail(tx), _seal_changes(tx))
    if sealed < BATCH:
        time.sleep(GATHER_SECONDS)
    return sealed == BATCH


def _seal_trail(tx: Transaction) -> int:
    rows = list(queries.unsealed_records(tx, limit=BATCH))
    if not rows:
        return 0
    head = queries.sealed_up_to(tx)
    seqs = range(head.seq + 1, head.seq + 1 + len(rows))
    chain = [bytes(head.hash)]
    for seq, row in zip(seqs, rows, strict=True):
        chain.append(link(chain[-1], seq, row.record))
    _stamp(tx, [row.id for row in rows], seqs, chain)
    return len(rows)


def _stamp(tx: Transaction, ids: list[int], seqs: Sequence[int], chain: list[bytes]) -> None:
    stamped = queries.stamp_trail(
        tx, ids=ids, seqs=list(seqs), previous=chain[:-1], hashes=chain[1:], seq=seqs[-1], hash=chain[-1]
    )
    if stamped != len(ids):
        raise RuntimeError(f"{stamped} of {len(ids)} rows of the audit trail could be sealed")


def link(previous: bytes, seq: int, record: str) -> bytes:
    """Return a row's hash: SHA-256 of the hash before, its seq (8 bytes, big-endian) and its text."""
    return hashlib.sha256(previous + seq.to_bytes(8, "big") + record.encode()).digest()


def _seal_changes(tx: Transaction) -> int:
    stamped: int = queries.stamp_changes(tx, limit=BATCH)
    return stamped


def gauges(tx: Transaction) -> list[Gauge]:
    """Return how far each feed is sealed and what waits; a trail whose seq ever falls has lost its end."""
    found = []
    for row in queries.seals(tx):
        feed = {"feed": row.feed}
        found += [
            Gauge("sealed_seq", "The last seq that was given.", feed, row.seq),
            Gauge("unsealed_rows", "Committed rows that wait for their seq.", feed, row.waiting),
            Gauge("unsealed_oldest_seconds", "Age of the oldest of them.", feed, row.seconds),
        ]
    return found
