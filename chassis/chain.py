"""Walking the audit trail's chain, in chunks, and telling in which places it is not what was sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.sealer import link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chassis.db import Transaction

queries: Any = sql.load(__file__)

CHUNK = 2000
HASH_BYTES = 32
_START = bytes(HASH_BYTES)
_NO_TABLE = "is no plain table of ours: what it shows is worth nothing"


class Walk:
    """One walk from the first row to the last that was sealed when it began."""

    def __init__(self, conn: Transaction, expected: Mapping[int, bytes]) -> None:
        """Take what was noted elsewhere of the chain: seq -> hash."""
        self._conn, self._expected = conn, dict(expected)
        self.rows = self.unsealed = self._seq = 0
        self._hash = _START

    @property
    def head(self) -> str:
        """Return SEQ:HASH of the last row."""
        return f"{self._seq}:{self._hash.hex()}"

    def faults(self) -> Iterator[str]:
        """Walk, and yield a sentence for each place at which the chain is broken."""
        with self._conn:
            replaced = list(queries.replaced_tables(self._conn))
            if not replaced:
                ends = queries.chain_ends(self._conn)
        if replaced:
            yield from (f"{row.name} {_NO_TABLE}" for row in replaced)
            return
        self.unsealed = ends.unsealed
        for row in self._sealed(ends.last):
            yield from self._check(row)
            self.rows += 1
            self._seq, self._hash = row.seq, bytes(row.hash)
        yield from self._check_end(ends)

    def _sealed(self, last: int) -> Iterator[Any]:
        after = 0
        while after < last:
            with self._conn:
                chunk = list(queries.sealed_records(self._conn, after=after, last=last, limit=CHUNK))
            yield from chunk
            after = chunk[-1].seq if chunk else last

    def _check(self, row: Any) -> Iterator[str]:
        if row.seq != self._seq + 1:
            yield _missing(self._seq + 1, row.seq - 1)
        elif bytes(row.previous_hash) != self._hash:
            yield f"entry {row.seq} does not follow the one before it"
        if link(bytes(row.previous_hash), row.seq, row.record) != bytes(row.hash):
            yield f"entry {row.seq} is not what was sealed"
        if self._expected.pop(row.seq, None) not in {None, bytes(row.hash)}:
            yield f"entry {row.seq} has another hash than was expected"

    def _check_end(self, ends: Any) -> Iterator[str]:
        if ends.seq > self._seq:
            yield _missing(self._seq + 1, ends.seq) + ", at the end"
        elif ends.seq < self._seq:
            yield f"entries after {ends.seq} were not sealed by the service"
        elif bytes(ends.hash) != self._hash:
            yield f"entry {self._seq}, the last, has another hash than the sealer's own note of it"
        for seq in self._expected:
            yield f"entry {seq}, which was expected, is missing"


def _missing(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
