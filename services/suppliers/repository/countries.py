"""The values of countries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from services.suppliers.schemas import DatasetQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from chassis.db import Transaction

queries: Any = sql.load(__file__)


def replace_country_values(
    tx: Transaction, key: tuple[str, int], values: Mapping[str, Decimal], known: int | None, now: datetime
) -> bool:
    """Keep a year (index, year): these countries, and no others; tell whether nobody was faster."""
    index, year = key
    if not queries.save_dataset(tx, index=index, year=year, known=known, now=now):
        return False
    queries.delete_country_values(tx, index=index, year=year)
    rows = [
        {"index": index, "year": year, "country": country, "value": values[country]} for country in values
    ]
    queries.insert_country_values(tx, rows=sql.rows(rows))
    return True


def datasets(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of what has been imported."""
    return paging.fetch(tx, queries.datasets, query, DatasetQuery, index=query["index"], year=None)


def dataset(tx: Transaction, index: str, year: int) -> dict[str, Any] | None:
    """Return one imported year of an index."""
    return next((row._asdict() for row in queries.datasets(tx, index=index, year=year)), None)


def values_of_year(tx: Transaction, index: str, year: int) -> dict[str, Decimal]:
    """Return the values of a year by country."""
    return {row.country: row.value for row in queries.country_values(tx, index=index, year=year)}


def newest_values(tx: Transaction, named: Iterable[str], until: int | None = None) -> list[Any]:
    """Return each index's newest year, up to `until` if it is named, with the named countries' values.

    (index, year, version, {country: value})
    """
    return list(queries.newest_values(tx, countries=sorted(named), until=until))


def values_of_country(tx: Transaction, country: str) -> list[Any]:
    """Return every imported year of every index with a country's value or None, oldest first per index."""
    return list(queries.values_of_country(tx, country=country))
