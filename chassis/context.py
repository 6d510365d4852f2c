"""What surrounds the code that is running: whose request or event it serves."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

_correlation: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def correlation_id() -> str | None:
    """Return the correlation id of the request that is being served, if one is."""
    return _correlation.get()


@contextmanager
def correlated(value: str) -> Iterator[None]:
    """Serve under a correlation id: events emitted and lines logged inside carry it."""
    token = _correlation.set(value)
    try:
        with structlog.contextvars.bound_contextvars(correlation_id=value):
            yield
    finally:
        _correlation.reset(token)
