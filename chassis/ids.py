"""Identifiers: UUIDv7, whose order is that of time, so that indexes grow at one end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from uuid_utils import compat

if TYPE_CHECKING:
    from uuid import UUID


def uuid7() -> UUID:
    """Return a new UUIDv7 as the standard library's type (Python 3.11 cannot make one)."""
    return compat.uuid7()


def time_of(identifier: UUID) -> datetime | None:
    """Return the moment that a UUIDv7 was made, to the millisecond; None for an id of another kind."""
    if identifier.version != 7:
        return None
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)
