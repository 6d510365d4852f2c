"""What a wave remembers from part to part: what became of groups of cases, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

from services.suppliers import domain, repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from services.suppliers.domain import Inherents, Rescored, Rules
    from services.suppliers.repository.facts import Facts
    from services.suppliers.repository.waves import Group

# What is remembered of groups: some 200 bytes each, and 2 kB where there is something to tell
_MOST_MOVES, _MOST_NEWS = 50_000, 25_000
# of categories with the countries of sites: some 2 kB each
_MOST_EXPOSED = 5_000


class Move(NamedTuple):
    """What becomes of a group of cases; `news`: what is told of it, None: nothing."""

    bands: tuple[str, str]  # before and after
    result_id: UUID | None  # None: nothing that shows
    news: Rescored | None


class Shared(NamedTuple):
    """What scores follow from that groups have in common, worked out once: by a rule set, on a day."""

    facts: Facts
    inherents: Inherents

    @classmethod
    def of(cls, facts: Facts, rules: Rules, now: datetime) -> Self:
        """Begin with some facts, and nothing worked out."""
        return cls(facts, domain.Inherents(rules, domain.utc_day(now)))


class Memo:
    """What has become of groups so far, of those that many parts have: with no assessment and no audit.

    It holds for a wave, as long as what scores are computed with stays as it is, on a day.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self._of: tuple[Any, ...] = ()
        self._moves: dict[Group, Move] = {}
        self._news = 0
        self._shared: Shared | None = None

    def of(self, this: tuple[Any, ...]) -> Mapping[Group, Move]:
        """Return what is known under these circumstances."""
        if self._of != this or len(self._moves) > _MOST_MOVES:
            self._of, self._moves, self._news, self._shared = this, {}, 0, None
        return self._moves

    def shared(self, this: tuple[Any, ...], rules: Rules, now: datetime) -> Shared:
        """Return what has been worked out under these circumstances."""
        found = self._shared
        if self._of != this or found is None or len(found.facts) > _MOST_EXPOSED:
            found = self._shared = Shared.of(repository.facts.Facts(), rules, now)
        return found

    def learn(self, this: tuple[Any, ...], learned: Mapping[Group, Move]) -> None:
        """Remember what was committed under these circumstances; of what there is to tell only so much."""
        if self._of != this:
            return
        for group, move in learned.items():
            if move.news is None or self._news < _MOST_NEWS:
                self._moves[group] = move._replace(news=move.news and move.news.brief)
                self._news += move.news is not None
