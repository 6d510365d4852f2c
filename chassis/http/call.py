"""What a use case gets of a request, and what it may give back beside data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chassis.http.conditions import Expectation

if TYPE_CHECKING:
    from datetime import datetime

    from chassis.access import Identity


HTML = "text/html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read and checked."""

    body: Any = field(default_factory=dict)
    raw: bytes = b""  # the body as it came, unpacked
    query: dict[str, Any] = field(default_factory=dict)
    now: datetime
    actor: Identity
    bearer: str | None = None  # of a respondent's session; where a token says who calls, `actor` knows
    page: bool = False  # a page is wanted rather than JSON, where both can be had
    languages: tuple[str, ...] = ()  # the primary tags that the caller prefers, best first: ("sv", "en")
    expects: Expectation = field(default_factory=Expectation)
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Html:
    """A page for people instead of JSON."""

    text: str
