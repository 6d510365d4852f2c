"""What cases' scores follow from, in the form in which it is kept with them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from chassis import sql
from services.suppliers.domain import Kept
from services.suppliers.repository import categories, countries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chassis.db import Transaction

    Sites = tuple[tuple[int, str], ...]  # distinct (tier, country), sorted


class _Part(NamedTuple):
    """Facts that several exposures have, and the same as JSON."""

    read: Mapping[str, Any]
    written: str


class Facts:
    """The facts of cases; what follows from sites and category is made and written once, and shared.

    They hold as long as what scores are computed with stays as it is (see basis).
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._named: set[str] = set()  # the countries whose values are known
        self._newest: dict[str, tuple[int, int, dict[str, Any]]] = {}  # index -> year, version, by country
        self._analyses: dict[str, _Part] = {}
        self._sites: dict[Sites, _Part] = {}
        self._values: dict[frozenset[str], _Part] = {}
        self._exposed: dict[tuple[str, Sites], Kept] = {}

    def __len__(self) -> int:
        """Return of how many categories with sites the facts are kept: some 2 kB each."""
        return len(self._exposed)

    def learn(self, tx: Transaction, cases: Iterable[tuple[str, Sites]]) -> None:
        """Read what the categories and the sites' countries of cases have, unless it is known."""
        new = {each for each in cases if each not in self._exposed}
        named = {country for _, sites in new for _, country in sites} - self._named
        if named or not self._newest:
            for each in countries.newest_values(tx, named):
                self._newest.setdefault(each.index, (each.year, each.version, {}))[2].update(each.by_country)
            self._named |= named
        unknown = {category_id for category_id, _ in new} - self._analyses.keys()
        if unknown:
            read = categories.analyses(tx, unknown)
            self._analyses |= {each.category_id: _analysed(each) for each in read}

    def of(self, category_id: str, sites: Sites) -> Kept:
        """Return the facts of cases with sites in a category, after `learn`: always the same object."""
        if (category_id, sites) not in self._exposed:
            self._exposed[category_id, sites] = self._of_sites(category_id, sites)
        return self._exposed[category_id, sites]

    def _of_sites(self, category_id: str, sites: Sites) -> Kept:
        named = frozenset(country for _, country in sites)
        if sites not in self._sites:
            entries = [{"tier": tier, "country": country} for tier, country in sites]
            self._sites[sites] = _part({"sites": entries})
        if named not in self._values:
            self._values[named] = _part(self._of_countries(named))
        parts = (self._sites[sites], self._analyses[category_id], self._values[named])
        read = {name: value for part in parts for name, value in part.read.items()}
        return _kept(read, f"{{{','.join(part.written[1:-1] for part in parts)}}}")

    def _of_countries(self, named: frozenset[str]) -> dict[str, Any]:
        return {
            "datasets": {index: year for index, (year, _, _) in self._newest.items()},
            "dataset_versions": {index: version for index, (_, version, _) in self._newest.items()},
            "indices": {
                index: {code: value for code, value in by_country.items() if code in named}
                for index, (_, _, by_country) in self._newest.items()
            },
        }


def _analysed(row: Any) -> _Part:
    return _part({"analysis": row.analysis, "analysis_version": row.analysis_version})


def _part(read: Mapping[str, Any]) -> _Part:
    return _Part(read, sql.document(read))


def known_of(text: str | None) -> Kept | None:
    """Read what is known of a case alone, as PostgreSQL writes it; None: nothing."""
    return None if text is None else _kept(sql.loads(text), text)


def _kept(read: Mapping[str, Any], written: str) -> Kept:
    return Kept(content_id(written), read, written)


def content_id(text: str) -> UUID:
    """Return the id under which a text is kept: the first half of its SHA-256."""
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])


def sites_of(pairs: str | None) -> Sites:
    """Read sites as `cases_to_score` writes them: 0:CN,1:BD."""
    parted = (pair.partition(":") for pair in (pairs or "").split(",") if pair)
    return tuple(sorted((int(tier), country) for tier, _, country in parted))


def kept_sites(inputs_sites: str) -> Sites:
    """Read sites as they are kept with a score, as JSON."""
    return tuple((site["tier"], site["country"]) for site in sql.loads(inputs_sites))
