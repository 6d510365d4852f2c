"""What cases' scores follow from, in the form in which it is kept with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from services.suppliers.repository import categories, countries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chassis.db import Transaction

    Sites = tuple[tuple[int, str], ...]  # distinct (tier, country), sorted

# What is known of a case that nothing has happened to
UNKNOWN: dict[str, Any] = {"judgement": None, "audits": [], "deviations": []}


class Facts:
    """The facts of cases; those that have nothing of their own share what follows from sites and category."""

    def __init__(self, tx: Transaction, named: Iterable[str], category_ids: Iterable[str]) -> None:
        """Read what countries and categories have."""
        self._newest = countries.newest_values(tx, set(named))
        self._analyses = categories.analyses(tx, set(category_ids))
        self._shared: dict[tuple[str, Sites], dict[str, Any]] = {}

    @classmethod
    def of_cases(cls, tx: Transaction, rows: Sequence[Any]) -> Self:
        """Return the facts of cases as `cases_to_score` has them."""
        named = {country for row in rows for _, country in _sites(row.sites)}
        return cls(tx, named, {row.category_id for row in rows})

    def of(self, row: Any) -> dict[str, Any]:
        """Return the facts of a case."""
        return self.of_sites(row.category_id, _sites(row.sites), row.known)

    def of_sites(self, category_id: str, sites: Sites, known: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the facts of a case with sites in a category; `known`: what is known of it alone."""
        key = (category_id, sites)
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = self._new(category_id, sites) | UNKNOWN
        return shared if known is None else {**shared, **known}

    def _new(self, category_id: str, sites: Sites) -> dict[str, Any]:
        named = {country for _, country in sites}
        return {
            "sites": [{"tier": tier, "country": country} for tier, country in sites],
            "analysis": self._analyses[category_id],
            "datasets": {each.index: each.year for each in self._newest},
            "indices": {
                each.index: {code: value for code, value in each.by_country.items() if code in named}
                for each in self._newest
            },
        }


def _sites(written: str | None) -> Sites:
    """Read what the statement has written: 0:CN,1:BD."""
    pairs = (site.partition(":") for site in (written or "").split(",") if site)
    return tuple(sorted((int(tier), country) for tier, _, country in pairs))
