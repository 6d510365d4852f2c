"""Risk categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from services.suppliers.schemas import CategoryQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chassis.db import Transaction

queries: Any = sql.load(__file__, planned=("areas_of_categories",))


def save_category(tx: Transaction, category: Mapping[str, Any], known: int | None) -> bool:
    """Create a category, or change the known version; tell whether nobody was faster."""
    return bool(queries.save_category(tx, row=sql.document(category), known=known))


def categories(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of categories."""
    return paging.fetch(tx, queries.categories, query, CategoryQuery, category_id=None)


def category(tx: Transaction, category_id: str) -> dict[str, Any] | None:
    """Return one category."""
    return next((row._asdict() for row in queries.categories(tx, category_id=category_id)), None)


def categories_after(tx: Transaction, after: str | None, limit: int) -> list[Any]:
    """Return `limit` categories, in order, from after one on."""
    return list(queries.categories_after(tx, after=after, limit=limit))


def areas_of_categories(tx: Transaction, category_ids: Iterable[str]) -> dict[str, str | None]:
    """Return those of the named categories that exist, with the area that answers for each, if one does."""
    rows = queries.areas_of_categories(tx, category_ids=sorted(set(category_ids)))
    return {row.category_id: row.responsible_area for row in rows}


def analyses(tx: Transaction, category_ids: Iterable[str]) -> dict[str, list[dict[str, Any] | None]]:
    """Return the analysis of each of the named categories: an entry per area, in their order."""
    rows = queries.analyses(tx, category_ids=sorted(category_ids))
    return {row.category_id: row.analysis for row in rows}
