"""Finding suppliers: by filters in pages, and by numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from services.suppliers.domain import BANDS, NO_DATA
from services.suppliers.repository import registry
from services.suppliers.schemas import SupplierQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from uuid import UUID

    from chassis.db import Transaction

queries: Any = sql.load(__file__)

# How many suppliers a search looks at in the list's order before it asks the index. Where these do not fill
# a page, fewer than one in a hundred are let through, as a rule, and so few the index finds quickly.
_LOOKED_AT, _MOST_SORTED = 10_000, 10_000
# Three filters and more let through few of those, as a rule: fewer are looked at before the index is asked.
_MANY, _LOOKED_AT_BY_MANY = 3, 1_000
# How many contracts of a category are looked at likewise, which an index of their own gives. A band that more
# suppliers have than `_FEW` is looked at last.
_LOOKED_AT_IN_CATEGORY, _FEW = 20_000, 10_000
# By which an index gives the suppliers of a band
_ORDERS_OF_BANDS = (None, "legal_name", "-legal_name")
_FILTERS = ("name", "category_id", "country", "region", "band", "status")


def suppliers(
    tx: Transaction,
    query: Mapping[str, Any],
    reach: Mapping[str, str | None],
    shown: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """Return a page of suppliers, as `shown` makes them of whole ones.

    `reach`: the region and the area whose cases a band may be told of; None: all.
    """
    filters = _filters(query, reach)
    if _asked(filters) == {"band"} and query["sort"] in _ORDERS_OF_BANDS:
        page = paging.fetch(tx, queries.of_band, query, SupplierQuery, **filters)
    else:
        page = paging.search(tx, query, SupplierQuery, _search(tx, query, filters), **filters)
    ids = [row.supplier_id for row in page["items"]]
    whole = {row.supplier_id: row for row in registry.suppliers_by_id(tx, ids)}
    # one that was absorbed between the two statements is no more
    return {**page, "items": [shown(whole[each]) for each in ids if each in whole]}


def _filters(query: Mapping[str, Any], reach: Mapping[str, str | None]) -> dict[str, Any]:
    scheme, number = query["identifier"] or (None, None)
    filters = {name: query[name] for name in _FILTERS}
    limited = bool(query["band"] or query["region"])  # only these tell what not everybody is shown
    own = {f"own_{claim}": value if limited else None for claim, value in reach.items()}
    return {**filters, **own, "scheme": scheme, "number": number, "worse": _worse(query["band"])}


def _worse(band: str | None) -> list[str] | None:
    """Return the bands that would be a supplier's headline instead of this one."""
    order = (NO_DATA, *BANDS)
    return list(order[order.index(band) + 1 :]) if band else None


def _asked(filters: Mapping[str, Any]) -> set[str]:
    return {name for name, value in filters.items() if value is not None} - {"worse"}


def _search(tx: Transaction, query: Mapping[str, Any], filters: Mapping[str, Any]) -> paging.Search:
    """Return how a list is searched.

    A band that few suppliers have is where to begin, one that many have is asked last. Those of a category
    are looked at among its contracts, if nothing is asked that these, and headlines, do not know.
    """
    late, asked = None, _asked(filters)
    if filters["band"] and not asked & {"own_region", "own_area"}:
        late = queries.in_band if queries.is_frequent(tx, band=filters["band"], most=_FEW) else None
    looked_at = _LOOKED_AT_BY_MANY if len(asked) >= _MANY else _LOOKED_AT
    of = paging.Search(queries.found, queries.listed, queries.unfiltered, looked_at, _MOST_SORTED, late)
    if query["sort"] is None and {"category_id"} < asked <= {"category_id", "region", "band"}:
        own = {"every": queries.of_category, "near": queries.in_category}
        return replace(of, looked_at=_LOOKED_AT_IN_CATEGORY, **own)
    return of


def own_numbers(tx: Transaction, region: str, numbers: Sequence[str]) -> list[UUID | None]:
    """Return the supplier of each of a region's own numbers, in their order."""
    return [row.supplier_id for row in queries.own_numbers(tx, region=region, numbers=list(numbers))]


def identified(tx: Transaction, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    """Return the suppliers of numbers, by (scheme, number as it is kept)."""
    rows = [{"scheme": scheme, "value": value} for scheme, value in sorted(keys)]
    return {(row.scheme, row.value): row.supplier_id for row in queries.identified(tx, keys=sql.rows(rows))}
