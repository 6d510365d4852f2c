"""Country indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.http import listing
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.http import Call

_DATASET = "/country-indices/<index>/<int(min=1990, max=2100):year>"


class Countries:
    """Country indices."""

    @http(
        "PUT",
        _DATASET,
        scope="country-indices:write",
        body=schemas.CountryValues,
        returns=schemas.DatasetView,
        versioned=True,
    )
    def put_country_index(self, tx: Transaction, call: Call, index: str, year: int) -> Any:
        """Import a year of a country index, whole."""
        key = (index, year)
        return usecases.countries.import_country_index(tx, key, call.body["values"], call.expects, call.now)

    @http("GET", _DATASET, scope="country-indices:read", returns=schemas.DatasetView, versioned=True)
    def get_country_index(self, tx: Transaction, call: Call, index: str, year: int) -> Any:
        """Read when a year of a country index was imported."""
        return usecases.countries.get_country_index(tx, index, year)

    @http(
        "GET",
        "/country-indices",
        scope="country-indices:read",
        query=schemas.DatasetQuery,
        returns=listing(schemas.DatasetView),
    )
    def list_country_indices(self, tx: Transaction, call: Call) -> Any:
        """List which country data have been imported."""
        return usecases.countries.list_country_indices(tx, call.query)
