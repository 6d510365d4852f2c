"""Codes in links that need no storage: an HMAC over what they open, revoked by changing what is signed."""

from __future__ import annotations

import base64
import hashlib
import hmac


def code(key: str, *parts: object) -> str:
    """Return base64url(HMAC-SHA256(key, parts)) without padding; `parts` name what the link opens."""
    message = "\x1f".join(str(part) for part in parts)
    digest = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def matches(candidate: str, key: str, *parts: object) -> bool:
    """Tell, in constant time, whether `candidate` is the code of `parts`."""
    return hmac.compare_digest(candidate.encode(), code(key, *parts).encode())
