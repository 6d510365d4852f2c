"""How deep JSON is nested and how much is in it, found out before it is parsed."""

from __future__ import annotations

DEEPEST = 32
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BONES = bytes(set(range(256)) - set(b"[]{},:"))


def deeper(raw: bytes, deepest: int = DEEPEST) -> bool:
    """Tell whether JSON is nested deeper than so many levels."""
    if raw.count(b"[") + raw.count(b"{") <= deepest:
        return False  # as good as always
    return _is_deeper(bones(raw), deepest)


def bones(raw: bytes) -> bytes:
    """Return the brackets, commas and colons of JSON that stand outside its texts."""
    texts = raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
    return b"".join(texts[::2]).translate(None, _NO_BONES)


def measured(raw: bytes, most: int, deepest: int = DEEPEST) -> tuple[int, int, bool]:
    """Return (items and members, members alone, whether it is nested too deep).

    What is empty counts as one. Beyond `most` the first number is only known to be beyond it: nothing is
    taken apart that would be refused anyway.
    """
    if raw.count(b'"') > 4 * most and raw.replace(b"\\\\", b"").replace(b'\\"', b"").count(b'"') > 4 * most:
        return most + 1, 0, False  # an item has at most two texts, its name and itself
    found = bones(raw)
    return (
        found.count(b",") + found.count(b"[") + found.count(b"{"),
        found.count(b":"),
        _is_deeper(found, deepest),
    )


def _is_deeper(found: bytes, deepest: int) -> bool:
    brackets = found.translate(_ONE_KIND, b",:")
    if brackets.count(b"[") <= deepest:
        return False
    depth = 0
    for opened in brackets.split(b"]"):
        depth += len(opened)
        if depth > deepest:
            return True
        depth -= 1
    return False
