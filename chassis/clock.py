"""The only source of the present, so that tests and simulations can move it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_offset = timedelta()


def now() -> datetime:
    """Return the present, aware and in UTC."""
    return datetime.now(UTC) + _offset


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """Let `now` run ahead (or behind) inside the block."""
    global _offset  # noqa: PLW0603  one clock a process is the point
    before, _offset = _offset, _offset + by
    try:
        yield
    finally:
        _offset = before
