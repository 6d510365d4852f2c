"""How deep JSON is nested, found out before it is parsed: what is too deep can neither be read nor kept."""

from __future__ import annotations

DEEPEST = 32
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def deeper(raw: bytes, deepest: int = DEEPEST) -> bool:
    """Tell whether JSON is nested deeper than so many levels."""
    if raw.count(b"[") + raw.count(b"{") <= deepest:
        return False  # as good as always
    texts = raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
    brackets = b"".join(texts[::2]).translate(_ONE_KIND, _NO_BRACKETS)
    depth = 0
    for opened in brackets.split(b"]"):
        depth += len(opened)
        if depth > deepest:
            return True
        depth -= 1
    return False
