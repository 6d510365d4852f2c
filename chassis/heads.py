"""The head of a request: what its first line asks for, and header fields of which each means one thing."""

from __future__ import annotations

import re
from typing import Any

from chassis import errors

REQUEST = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) (/[\x21-\xff]*|\*|(?i:https?)://[\x21-\xff]+) HTTP/1\.([01])\r\n"
)
_ABSOLUTE = re.compile(r"(?i:https?)://[^/?#@\\]+(|[/?].*)")
# What there may be once: of two nobody could know which was meant
_ONCE = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "content-type",
        "authorization",
        "idempotency-key",
        "x-correlation-id",
    }
)


def path_in(target: str) -> str:
    """Return path and query of a request's target, which may be a whole address (RFC 9112, 3.2.2).

    Whose address is nobody's business here: whatever a client calls us. Raises Malformed.
    """
    if target.startswith("/"):
        return target
    if target == "*":
        return "/*"
    found = _ABSOLUTE.fullmatch(target)
    if not found:
        raise errors.Malformed("The address in the request's first line is none.")
    return found[1] if found[1].startswith("/") else f"/{found[1]}"


class Fields:
    """A request's headers, as eventlet asks for them."""

    type = ""  # of the content, where nothing is said

    def __init__(self) -> None:
        """Hold none yet."""
        self._headers: list[tuple[str, str]] = []
        self._by_name: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        """Add one; raises Malformed for a second one of what there may be once."""
        known = name.lower()
        if known in self._by_name and known in _ONCE:
            raise errors.Malformed(f"There is more than one {known}.")
        self._headers.append((name, value))
        self._by_name[known] = f"{self._by_name[known]},{value}" if known in self._by_name else value

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header's value; of one that came in several lines all, as one list (RFC 9110, 5.3)."""
        return self._by_name.get(name.lower(), default)


def check(fields: Fields, version: str) -> None:
    """Raise Malformed where two servers in a row could disagree about where a request ends."""
    length, coding = fields.get("content-length"), fields.get("transfer-encoding")
    if length is not None and not (length.isascii() and length.isdigit() and len(length) < 16):
        raise errors.Malformed("Content-Length is no number.")
    if coding is not None and (coding.lower() != "chunked" or length is not None or version != "HTTP/1.1"):
        raise errors.Malformed("Transfer-Encoding may be chunked, without a Content-Length.")
    if version == "HTTP/1.1" and fields.get("host") is None:
        raise errors.Malformed("HTTP/1.1 demands a Host.")
