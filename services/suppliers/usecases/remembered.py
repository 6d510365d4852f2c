"""What a wave remembers from part to part, beside what the database keeps: what groups have in common."""

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

# Of groups of which there is something to tell: some 2 kB each
_MOST_NEWS = 25_000
# of categories with the countries of sites: some 3 kB each, as long as there are waves
_MOST_EXPOSED = 25_000
# A part's cases are locked while it is worked off, and others wait: so it has as many as take so long here,
# beside all else that is done.
_SECONDS, _LEAST, _MOST = 0.12, 200, 2000


class Shared(NamedTuple):
    """What scores follow from that groups have in common, worked out once: by a rule set, on a day."""

    facts: Facts
    inherents: Inherents
    kept: set[UUID]  # which exposures are kept with scores

    @classmethod
    def of(cls, facts: Facts, rules: Rules, now: datetime) -> Self:
        """Begin with some facts, and nothing worked out."""
        return cls(facts, domain.Inherents(rules, domain.utc_day(now)), set())


class Memo:
    """What has been worked out so far; it holds for a wave on a basis.

    A basis is what scores are computed with, and a day.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self.forget()

    def forget(self) -> None:
        """Know nothing any more."""
        self._of: tuple[Any, ...] = ()
        self._shared: Shared | None = None
        self._news: dict[Group, Rescored] = {}

    def shared(self, this: tuple[Any, ...], rules: Rules, now: datetime) -> Shared:
        """Return what has been worked out under these circumstances; under others, all is forgotten."""
        if self._of != this:
            self._of, self._shared, self._news = this, None, {}
        if self._shared is None or len(self._shared.facts) > _MOST_EXPOSED:
            self._shared = Shared.of(repository.facts.Facts(), rules, now)
        return self._shared

    def news(self, this: tuple[Any, ...]) -> dict[Group, Rescored]:
        """Return what there is to tell of groups that were met."""
        return self._news if self._of == this else {}

    def learn(self, this: tuple[Any, ...], news: Mapping[Group, Rescored]) -> None:
        """Remember what there is to tell of groups; it holds whatever becomes of the transaction."""
        if self._of == this and len(self._news) < _MOST_NEWS:
            self._news |= {group: each.brief for group, each in news.items()}


class Pace:
    """How many cases the next part has."""

    def __init__(self) -> None:
        """Begin with a small one."""
        self.size = _LEAST

    def took(self, seconds: float, cases: int) -> None:
        """Learn from a part of so many cases; the size at most doubles."""
        wanted = int(cases * _SECONDS / max(seconds, 0.001))
        self.size = max(_LEAST, min(_MOST, 2 * self.size, wanted))
