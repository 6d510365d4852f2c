"""Writers, sealers and readers of the feeds in tests: threads on a real database."""

from __future__ import annotations

import random
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chassis import changes, sealer, trail
from chassis.changes import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.db import Database


def position(text: str) -> Position:
    """Read a `next`."""
    epoch, seq = text.split("-")
    return Position(int(epoch), int(seq))


def seal_all(db: Database) -> None:
    """Seal until nothing waits."""
    while True:
        sealer.seal(db)
        with db.transaction() as tx:
            if not any(row.waiting for row in sealer.queries.seals(tx)):
                return


def write(db: Database, *names: str) -> None:
    """Commit a write per name."""
    with db.transaction() as tx:
        trail.wrote_all(tx, "thing", [trail.Write(name, None, {"name": name}) for name in names])


def write_slowly(db: Database, names: list[str], seed: int) -> None:
    """Commit each name in a transaction that goes on for a while after it has drawn its number; fail some."""
    chance = random.Random(seed)  # noqa: S311
    pause = threading.Event()
    for name in names:
        if chance.random() < 0.2:
            with db.transaction() as tx:
                trail.wrote(tx, "thing", "rolled back", None, {})
                tx.rollback()
        with db.transaction() as tx:
            trail.wrote(tx, "thing", name, None, {"name": name})
            pause.wait(chance.choice([0, 0, 0.002, 0.02, 0.1]))


def read_all(db: Database, finished: Callable[[], bool], limit: int = 7) -> list[tuple[int, str]]:
    """Poll as a client does, from the beginning, until `finished` and nothing is new; return (seq, id)."""
    found: list[tuple[int, str]] = []
    at = Position()
    while True:
        last = finished()
        with db.transaction() as tx:
            page = changes.since(tx, at, limit)
        found += [(item["seq"], item["id"]) for item in page["items"]]
        if last and position(page["next"]) == at:
            return found
        at = position(page["next"])


@contextmanager
def running(*work: Callable[[], object]) -> Iterator[list[threading.Thread]]:
    """Run each in a thread, and wait for all of them at the end."""
    threads = [threading.Thread(target=part) for part in work]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
