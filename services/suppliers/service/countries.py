"""Country indices, and the countries by the national model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.http import listing
from chassis.http.sheets import Sheet
from services.suppliers import domain, schemas, usecases

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.http import Call

_DATASET = "/country-indices/<index>/<int(min=1990, max=2100):year>"
_MOST_ROWS = 1000  # there are some 250 countries


class Countries:
    """Country indices, and the countries by the national model."""

    @http(
        "PUT",
        _DATASET,
        scope="country-indices:write",
        body=schemas.CountryValues,
        sheet=Sheet(domain.SHEET_COLUMNS, _MOST_ROWS, schemas.SHEET_EXAMPLE),
        returns=schemas.DatasetView,
        creates=True,
        versioned=True,
    )
    def put_country_index(self, tx: Transaction, call: Call, index: str, year: int) -> Any:
        """Import a year of a country index, whole: as JSON, or as a table in the columns of its example."""
        key = (index, year)
        if isinstance(call.body, list):
            rows = [domain.Published(*row) for row in call.body]
            return usecases.countries.import_country_sheet(tx, key, rows, call.expects, call.now)
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

    @http("GET", "/countries/<country>", scope="country-indices:read", returns=schemas.CountryView)
    def get_country(self, tx: Transaction, call: Call, country: str) -> Any:
        """Read a country's four indices, their sum and band by the national model, and what is missing."""
        return usecases.countries.get_country(tx, country)

    @http(
        "GET",
        "/countries",
        scope="country-indices:read",
        query=schemas.CountryQuery,
        returns=listing(schemas.CountryRow),
    )
    def list_countries(self, tx: Transaction, call: Call) -> Any:
        """List the countries by the national model, of a band or without data in an area."""
        return usecases.countries.list_countries(tx, call.query)
