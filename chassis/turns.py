"""Long work in short turns: a process of green threads does one thing at a time, and all others wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# So many rows cost about a millisecond, whatever is done to them.
ROWS = 25
# What costs now little, now much, is measured instead of counted.
SECONDS = 0.002

Row = TypeVar("Row")


class _Turn:
    """When others ran last, as far as is known."""

    began = 0.0


def passed() -> None:
    """Let others run if none has for SECONDS; to be asked often."""
    if time.monotonic() - _Turn.began > SECONDS:
        time.sleep(0)
        _Turn.began = time.monotonic()


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
