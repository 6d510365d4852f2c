"""The ledger: what must hold after all faults, computed from the databases, the mail sink and the broker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.chaos import audits, gauges, mails, reactions, rest, scores, stored
from tests.chaos.row import Row

if TYPE_CHECKING:
    from tests.chaos.books import Books
    from tests.chaos.load import Book
    from tests.chaos.stage import Ground


@dataclass
class Ledger:
    """The rows, and the numbers of the last line."""

    rows: list[Row]
    accepted: int
    unknown: int
    stored: int
    planted: int
    parked: int
    smtp_window: int
    counts: dict[str, int]

    @property
    def clean(self) -> bool:
        """Tell whether every row holds."""
        return all(row.holds for row in self.rows)

    def total(self, counts_as: str) -> int:
        """Return how many breaches there are of one kind."""
        return sum(len(row.broken) for row in self.rows if row.counts_as == counts_as)


def draw_up(ground: Ground, books: Books, book: Book, planted: set[str]) -> Ledger:
    """Compute the ledger of a platform at rest. The driver's book says only which requests ended how."""
    found = stored.stored(books)
    counts = _counts(books, found)
    with ground.replicas.first.mailbox.lock:
        told, window = mails.rows(books, list(ground.replicas.first.mailbox.mails))
    set_aside, parked = rest.parked(books, planted)
    travelled = Row("something has come all the way", "empty", [kind for kind in counts if not counts[kind]])
    rows = [
        travelled,
        *stored.rows(found, book),
        *scores.rows(books),
        *reactions.rows(books),
        *audits.rows(books),
        *told,
        *rest.rows(ground, books),
        *set_aside,
        *gauges.rows(ground.replicas, books),
    ]
    return Ledger(
        rows,
        accepted=sum(len(book.accepted[kind]) for kind in found),
        unknown=sum(len(book.unknown[kind]) for kind in found),
        stored=sum(len(keys) for keys in found.values()),
        planted=len(planted),
        parked=parked,
        smtp_window=window,
        counts=counts,
    )


def _counts(books: Books, found: dict[str, list[str]]) -> dict[str, int]:
    """Return how much of each kind there is: a ledger of nothing is always clean."""
    made = {
        "scores": books.column("suppliers", "SELECT count(*) FROM risk_score")[0],
        "decisions": books.column("audits", "SELECT count(*) FROM decision")[0],
        "audits": books.column("audits", "SELECT count(*) FROM audit")[0],
        "notices": books.column("notifications", "SELECT count(*) FROM notice")[0],
    }
    return {kind: len(keys) for kind, keys in found.items()} | made
