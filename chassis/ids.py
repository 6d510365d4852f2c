"""Identifiers: UUIDv7, whose order is that of time, so that indexes grow at one end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uuid_utils import compat

if TYPE_CHECKING:
    from uuid import UUID


def uuid7() -> UUID:
    """Return a new UUIDv7 as the standard library's type (Python 3.11 cannot make one)."""
    return compat.uuid7()
