"""The Common Procurement Vocabulary: what a code lies below, what a text finds, which categories it proposes.

A code has eight digits; the zeros at its end say nothing: 33140000 is everything that begins with 3314.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DIGITS, _DIVISION = 8, 2  # of a whole code, and of the broadest there is
_WORD = re.compile(r"\w+")


class _Labelled(Protocol):
    """A code of the vocabulary with its labels."""

    @property
    def code(self) -> str: ...

    @property
    def sv(self) -> str: ...

    @property
    def en(self) -> str: ...


T = TypeVar("T", bound=_Labelled)


def stem(prefix: str) -> str:
    """Return what all codes below a prefix begin with: of a whole code the zeros at its end say nothing."""
    if len(prefix) < DIGITS:
        return prefix
    return prefix[:_DIVISION] + prefix[_DIVISION:].rstrip("0")


def proposed(code: str, prefixes: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return (category, prefix) of every category with the longest prefix of a code that any has, by name."""
    fitting = [
        (category, max(own, key=lambda prefix: (len(stem(prefix)), prefix)))
        for category, given in sorted(prefixes.items())
        if (own := [prefix for prefix in given if code.startswith(stem(prefix))])
    ]
    longest = max((len(stem(prefix)) for _, prefix in fitting), default=0)
    return [(category, prefix) for category, prefix in fitting if len(stem(prefix)) == longest]


def search(text: str, vocabulary: Iterable[T]) -> list[T]:
    """Return the codes that a text finds, best first: by all its words in one label, or by its digits."""
    wanted = text.casefold()
    if wanted.isascii() and wanted.isdigit():
        return [each for each in vocabulary if each.code.startswith(wanted)]
    words = _WORD.findall(wanted)
    ranked = [(_rank(wanted, words, each), each.code, each) for each in vocabulary]
    return [each for rank, _, each in sorted(ranked, key=lambda found: found[:2]) if rank < _NOT]


_NOT = 4


def _rank(wanted: str, words: list[str], each: _Labelled) -> int:
    return min(_fit(wanted, words, each.sv.casefold()), _fit(wanted, words, each.en.casefold()))


def _fit(wanted: str, words: list[str], label: str) -> int:
    """Tell how a label fits: 0 it is the text, 1 begins with it, 2 has such words, 3 holds them; else 4."""
    if not words or not all(word in label for word in words):
        return _NOT
    if label == wanted:
        return 0
    if label.startswith(wanted):
        return 1
    begun = _WORD.findall(label)
    return 2 if all(any(each.startswith(word) for each in begun) for word in words) else 3
