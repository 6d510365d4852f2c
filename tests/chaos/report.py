"""What a run says at its end."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.ledger import Ledger
    from tests.chaos.load import Book

_SHOWN = 10


def table(ledger: Ledger, book: Book) -> Iterator[str]:
    """Yield a line per row of the ledger, with the ids of what broke it, and how the requests ended."""
    for row in ledger.rows:
        yield f"{'ok  ' if row.holds else 'FAIL'}  {row.name}" + ("" if row.holds else f": {len(row.broken)}")
        yield from (f"        {text}" for text in row.broken[:_SHOWN])
        if len(row.broken) > _SHOWN:
            yield f"        … and {len(row.broken) - _SHOWN} more"
    answers = ", ".join(f"{status} × {count}" for status, count in sorted(book.statuses.items(), key=str))
    yield "stored: " + ", ".join(f"{count} {kind}" for kind, count in ledger.counts.items())
    yield f"requests: {answers}"
    yield f"smtp_window={ledger.smtp_window} (mails that came again under their own Message-ID)"


def last_line(ledger: Ledger, seed: int, faults: int, recovered: float | None) -> str:
    """Return the one line that scripts read."""
    return (
        f"chaos: seed={seed} faults={faults} accepted={ledger.accepted} unknown={ledger.unknown}"
        f" stored={ledger.stored} lost={ledger.total('lost')} phantom={ledger.total('phantom')}"
        f" doubled={ledger.total('doubled')} wrong_scores={ledger.total('wrong')}"
        f" planted={ledger.planted} parked={ledger.parked}"
        f" recovered_s={'never' if recovered is None else f'{recovered:.1f}'} commit={commit()}"
    )


def commit() -> str:
    """Return the checkout's commit, with a + where files differ from it."""
    root = Path(__file__).parents[2]

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "none") + (
        "+" if git("status", "--porcelain", "-uno") else ""
    )
