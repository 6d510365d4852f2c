"""Risk categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from services.suppliers.schemas import Analysis, AnalysisQuery, CategoryQuery, PriorityQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from chassis.db import Transaction

queries: Any = sql.load(__file__, planned=("areas_of_categories",))

# What of an analysis is computed with; the rest is what it stands on
_COMPUTED = tuple(Analysis().fields)


def lock_categories(tx: Transaction) -> None:
    """Hold all categories, for reading they stay, until the transaction ends."""
    queries.lock_categories(tx)


def save_category(tx: Transaction, category: Mapping[str, Any], known: int | None) -> bool:
    """Create a category, or change the known version; tell whether nobody was faster."""
    parts = {
        "analysis": [_part(entry, lambda name: name in _COMPUTED) for entry in category["analysis"]],
        "grounds": [_part(entry, lambda name: name not in _COMPUTED) for entry in category["analysis"]],
        "prioritised_years": category.get("prioritised_years", []),
    }
    return bool(queries.save_category(tx, row=sql.document({**category, **parts}), known=known))


def _part(entry: Mapping[str, Any] | None, kept: Any) -> dict[str, Any] | None:
    return None if entry is None else {name: value for name, value in entry.items() if kept(name)}


def settle_areas(tx: Transaction, category_id: str) -> None:
    """Hand a category's area down to those below it that have none of their own."""
    queries.settle_areas(tx, category_id=category_id)


def branch(tx: Transaction, category_id: str) -> dict[str, Any]:
    """Return a category and all below it, by id."""
    return {row.category_id: row for row in queries.branch(tx, category_id=category_id)}


def keep_analysis(tx: Transaction, category_id: str, changed_by: str | None, now: datetime) -> None:
    """Keep the present version of a category's analysis, with who wrote it, unless it is kept already."""
    queries.keep_analysis(tx, category_id=category_id, changed_by=changed_by, now=now)


def analysis_versions(tx: Transaction, category_id: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of the versions of a category's analysis."""
    return paging.fetch(tx, queries.analysis_versions, query, AnalysisQuery, category_id=category_id)


def categories(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of categories."""
    filters = {name: query[name] for name in ("parent_id", "area", "prioritised_year")}
    return paging.fetch(tx, queries.categories, query, CategoryQuery, **filters)


def category(tx: Transaction, category_id: str) -> dict[str, Any] | None:
    """Return one category."""
    row = queries.category(tx, category_id=category_id)
    return row._asdict() if row else None


def categories_after(tx: Transaction, after: str | None, limit: int) -> list[Any]:
    """Return `limit` categories, in order, from after one on."""
    return list(queries.categories_after(tx, after=after, limit=limit))


def areas_of_categories(tx: Transaction, category_ids: Iterable[str]) -> dict[str, str | None]:
    """Return those of the named categories that exist, with the area that answers for each, if one does."""
    rows = queries.areas_of_categories(tx, category_ids=sorted(set(category_ids)))
    return {row.category_id: row.effective_area for row in rows}


def prefixes(tx: Transaction) -> dict[str, Any]:
    """Return the categories that have prefixes of the procurement vocabulary, by id."""
    return {row.category_id: row for row in queries.prefixes(tx)}


def decide_years(
    tx: Transaction, category_id: str, years: Sequence[int], decided_by: str | None, decided_on: date
) -> None:
    """Make these a category's years with priority; who decided one that is there already stays."""
    queries.decide_years(
        tx, category_id=category_id, years=list(years), decided_by=decided_by, decided_on=decided_on
    )


def priorities(tx: Transaction, category_id: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of a category's years with priority."""
    return paging.fetch(tx, queries.priorities, query, PriorityQuery, category_id=category_id, year=None)


def decisions(tx: Transaction, category_id: str) -> dict[int, dict[str, Any]]:
    """Return every year in which a category has priority, with who decided it."""
    rows = queries.priorities(tx, category_id=category_id, year=None)
    return {row.year: row._asdict() for row in sorted(rows, key=lambda row: row.year)}


def priority(tx: Transaction, category_id: str, year: int) -> dict[str, Any] | None:
    """Return a year in which a category has priority."""
    rows = queries.priorities(tx, category_id=category_id, year=year)
    return next((row._asdict() for row in rows), None)


def save_priority(tx: Transaction, category_id: str, year: int, decision: Mapping[str, Any]) -> None:
    """Give a category priority in a year (decided_by, decided_on, note), and say so in the category."""
    queries.save_priority(tx, category_id=category_id, year=year, **decision)
    queries.show_years(tx, category_id=category_id)


def delete_priority(tx: Transaction, category_id: str, year: int) -> None:
    """Take a year's priority from a category, and say so in it."""
    queries.delete_priority(tx, category_id=category_id, year=year)
    queries.show_years(tx, category_id=category_id)


def analyses(tx: Transaction, category_ids: Iterable[str]) -> list[Any]:
    """Return the analysis of each of the named categories, an entry per area, in their order.

    (category_id, analysis, analysis_version)
    """
    return list(queries.analyses(tx, category_ids=sorted(category_ids)))
