"""How alike two names are, by a library's measure, and the thresholds for what is worth a person's look."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

_KNOWN: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("duplicates.toml").read_text(encoding="utf-8")
)
NAMES: dict[str, Any] = _KNOWN["similar_names"]
BACKGROUND: dict[str, Any] = _KNOWN["background"]
_COMMON, _TRADES = frozenset(_KNOWN["common_words"]), frozenset(_KNOWN["trades_and_places"])


class Parts(NamedTuple):
    """What is compared of a name: its words that tell, sorted, and those that are no trade or place.

    `joined`: the former in their own order without spaces, for words that some write as two.
    """

    core: str
    found_by: str
    joined: str


def parts(key: str) -> Parts:
    """Return what is compared of a name key; a name of common words only is compared whole."""
    words = key.split()
    told = [word for word in words if word not in _COMMON] or words
    core = sorted(told)
    found_by = [word for word in core if word not in _TRADES] or core
    return Parts(" ".join(core), " ".join(found_by), "".join(told))


def similarity(one: Parts, other: Parts) -> float:
    """Return how alike two names are, 0-1: as their cores are, and at most as what they are found by."""
    from rapidfuzz import fuzz  # noqa: PLC0415  3 MB, which the service takes with the first pair to compare

    cores = max(fuzz.ratio(one.core, other.core), fuzz.ratio(one.joined, other.joined))
    return min(cores, fuzz.ratio(one.found_by, other.found_by)) / 100


def is_alike(found: float) -> bool:
    """Tell whether a similarity makes two suppliers candidates."""
    return bool(found >= NAMES["similarity"])
