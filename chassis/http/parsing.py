"""JSON as it was sent, parsed: within bounds, each name once in an object."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from chassis import errors, turns
from chassis.bodies import refuse_shape
from chassis.http.pointers import below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# In one object: what a schema does not know costs more than what it knows, and all of an object is one turn
MOST_MEMBERS = 1000
TWICE = "Is given more than once."


def parsed(raw: bytes, faults: dict[str, str]) -> Any:
    """Return what JSON says; adds a fault for each member that an object has twice.

    Of such a member one could not know which was meant: readers differ (RFC 8259, section 4). Raises
    Malformed or TooLarge.
    """
    written = refuse_shape(raw)
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as fault:
        raise errors.Malformed(f"The body is not JSON: {fault}") from None
    if _members(data) != written:
        faults.update(dict.fromkeys(_twice(json.loads(raw, **_HOOKS)), TWICE))
    return data


def _members(data: Any) -> int:
    """Count the members of all objects; raises TooLarge if one has too many."""
    left, count = [data] if isinstance(data, dict | list) else [], 0
    while left:
        turns.passed()
        each = left.pop()
        inside: Iterable[Any] = each
        if isinstance(each, dict):
            inside = each.values()
            count += len(each)
            if len(each) > MOST_MEMBERS:
                raise errors.TooLarge(f"An object of the body may have {MOST_MEMBERS} members.")
        left.extend(part for part in inside if isinstance(part, dict | list))
    return count


class _Object(dict[str, Any]):
    """An object that knows which of its names were written twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        written = Counter(name for name, _ in pairs) if len(self) < len(pairs) else {}
        self.twice = [name for name, times in written.items() if times > 1]


def _nothing(_: str) -> None:
    """Read no number: it may have more digits than Python reads."""


_HOOKS: dict[str, Any] = {
    "object_pairs_hook": _Object,
    "parse_int": _nothing,
    "parse_float": _nothing,
}


def _twice(data: Any, at: str = "") -> Iterator[str]:
    if isinstance(data, _Object):
        yield from (below(at, name) for name in data.twice)
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, each in items:
        if isinstance(each, dict | list):
            yield from _twice(each, below(at, key))
