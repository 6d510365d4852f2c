"""What is about to be taken away says so itself, in good time (RFC 9745, 8594). The rule: docs/api.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from werkzeug.http import http_date

if TYPE_CHECKING:
    from chassis.http.endpoint import Endpoint

LEAST_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """Since when nobody should begin to use an endpoint, when it may go, and what there is instead."""

    since: date
    ends: date
    instead: str

    def __post_init__(self) -> None:
        """Refuse less time than callers are promised."""
        if (self.ends - self.since).days < LEAST_DAYS:
            raise ValueError(f"what is deprecated stays for at least {LEAST_DAYS} days")


def headers(endpoint: Endpoint) -> dict[str, str]:
    """Return what the answers of an endpoint say of its end; nothing if none is in sight."""
    if endpoint.deprecated is None:
        return {}
    page = f"{endpoint.prefix}/docs#{endpoint.name}"
    return {
        "Deprecation": f"@{int(_midnight(endpoint.deprecated.since).timestamp())}",
        "Sunset": http_date(_midnight(endpoint.deprecated.ends)),
        "Link": f'<{page}>; rel="deprecation"; type="text/html"',
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
