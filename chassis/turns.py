"""Long work in short turns: a process of green threads does one thing at a time, and all others wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# So many rows cost about a millisecond, whatever is done to them.
ROWS = 25

Row = TypeVar("Row")


def slices(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Give rows in slices of ROWS, and let others run between two."""
    whole = list(rows)
    for start in range(0, len(whole), ROWS):
        if start:
            time.sleep(0)
        yield whole[start : start + ROWS]


def fetched(cursor: Any) -> list[Any]:
    """Return all rows that a statement has given; to make tuples of them is work as well."""
    rows: list[Any] = []
    while some := cursor.fetchmany(ROWS):
        rows += some
        if len(some) < ROWS:
            break
        time.sleep(0)
    return rows
