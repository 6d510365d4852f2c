"""The suppliers service: what it answers, hears and shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import clock, imports
from chassis.entrypoints import Settings, every, gauges, http, on_events
from chassis.errors import Conflict
from chassis.http import listing
from chassis.resync import Projection
from chassis.service import Service
from services.suppliers import events, schemas, usecases
from services.suppliers.imports import KINDS

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Begin, Transaction
    from chassis.events import Received
    from chassis.http import Call
    from chassis.metrics import Gauge

_SUPPLIER = "/suppliers/<uuid:supplier_id>"
_IMPORT = "/imports/<uuid:import_id>"
_DATASET = "/country-indices/<index>/<int(min=1990, max=2100):year>"


class SuppliersService(Service):
    """The registry of suppliers, and the risk score of each of their cases."""

    name = "suppliers"
    settings = Settings(schemas.Settings)
    tells = (usecases.present_suppliers, usecases.present_categories, usecases.present_scores)
    keeps = (Projection("assessments", "judgement", ("supplier_id", "category_id")),)

    @http(
        "POST",
        "/suppliers",
        scope="suppliers:write",
        body=schemas.NewSupplier,
        returns=schemas.SupplierView,
        status=201,
        location="/suppliers/{supplier_id}",
        versioned=True,
    )
    def post_supplier(self, tx: Transaction, call: Call) -> Any:
        """Register a supplier with its contacts, sites and contracts; regions add contracts of their own."""
        return usecases.register_supplier(tx, call.body, call.actor, call.now)

    @http(
        "GET",
        "/suppliers",
        scope="suppliers:read",
        query=schemas.SupplierQuery,
        returns=listing(schemas.SupplierView),
    )
    def list_suppliers(self, tx: Transaction, call: Call) -> Any:
        """List suppliers; the register is shared by all regions."""
        return usecases.list_suppliers(tx, call.query, call.actor)

    @http("GET", _SUPPLIER, scope="suppliers:read", returns=schemas.SupplierView, versioned=True)
    def get_supplier(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Read a supplier."""
        return usecases.get_supplier(tx, supplier_id, call.actor)

    @http(
        "PUT",
        _SUPPLIER,
        scope="suppliers:write",
        body=schemas.SupplierChange,
        returns=schemas.SupplierView,
        versioned=True,
        raises=(Conflict,),
    )
    def put_supplier(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Change a supplier's names, numbers and contacts; a region where it has a contract."""
        return usecases.change_supplier(tx, supplier_id, call.body, call.expects, call.actor)

    @http("GET", f"{_SUPPLIER}/risk", scope="risk:read", returns=schemas.RiskView)
    def get_risk(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Read the risk of a supplier's cases, as far as they are yours, with every term."""
        return usecases.get_risk(tx, supplier_id, call.actor)

    @http(
        "GET",
        f"{_SUPPLIER}/risk/history",
        scope="risk:read",
        query=schemas.HistoryQuery,
        returns=listing(schemas.PastScore),
    )
    def list_risk_history(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """List every score that a supplier's cases have had, with what it followed from."""
        return usecases.get_risk_history(tx, supplier_id, call.query, call.actor)

    @http(
        "PUT",
        "/categories/<category_id>",
        scope="categories:write",
        body=schemas.NewCategory,
        returns=schemas.CategoryView,
        versioned=True,
    )
    def put_category(self, tx: Transaction, call: Call, category_id: str) -> Any:
        """Create or change a risk category."""
        return usecases.put_category(tx, category_id, call.body, call.expects)

    @http(
        "GET",
        "/categories/<category_id>",
        scope="categories:read",
        returns=schemas.CategoryView,
        versioned=True,
    )
    def get_category(self, tx: Transaction, call: Call, category_id: str) -> Any:
        """Read a risk category."""
        return usecases.get_category(tx, category_id)

    @http(
        "GET",
        "/categories",
        scope="categories:read",
        query=schemas.CategoryQuery,
        returns=listing(schemas.CategoryView),
    )
    def list_categories(self, tx: Transaction, call: Call) -> Any:
        """List the risk categories."""
        return usecases.list_categories(tx, call.query)

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
        return usecases.import_country_index(tx, key, call.body["values"], call.expects, call.now)

    @http("GET", _DATASET, scope="country-indices:read", returns=schemas.DatasetView, versioned=True)
    def get_country_index(self, tx: Transaction, call: Call, index: str, year: int) -> Any:
        """Read when a year of a country index was imported."""
        return usecases.get_country_index(tx, index, year)

    @http(
        "GET",
        "/country-indices",
        scope="country-indices:read",
        query=schemas.DatasetQuery,
        returns=listing(schemas.DatasetView),
    )
    def list_country_indices(self, tx: Transaction, call: Call) -> Any:
        """List which country data have been imported."""
        return usecases.list_country_indices(tx, call.query)

    @http(
        "POST",
        "/suppliers/lookup",
        scope="suppliers:read",
        body=schemas.Lookup,
        returns=schemas.LookupView,
    )
    def look_up_suppliers(self, tx: Transaction, call: Call) -> Any:
        """Look suppliers up by the numbers that a region's own register has for them."""
        return usecases.look_up(tx, call.body)

    @http(
        "POST",
        "/imports",
        scope="imports:write",
        body=imports.file_of(KINDS),
        query=imports.start_query(KINDS),
        returns=imports.ImportStarted,
        status=202,
        location="/imports/{import_id}",
    )
    def post_import(self, tx: Transaction, call: Call) -> Any:
        """Import a file of suppliers, contacts or contracts; it is worked on after the answer."""
        return imports.start(tx, call)

    @http(
        "GET",
        "/imports",
        scope="imports:read",
        query=imports.JobQuery,
        returns=listing(imports.ImportView),
    )
    def list_imports(self, tx: Transaction, call: Call) -> Any:
        """List your imports, those of your region or all, as far as they are kept."""
        return imports.jobs(tx, call.query, call.actor)

    @http("GET", _IMPORT, scope="imports:read", returns=imports.ImportView, owner=imports.owners)
    def get_import(self, tx: Transaction, call: Call, import_id: UUID) -> Any:
        """Read how far an import is."""
        return imports.get(tx, import_id)

    @http(
        "GET",
        f"{_IMPORT}/rows",
        scope="imports:read",
        query=imports.RowQuery,
        returns=listing(imports.ReportRow),
        owner=imports.owners,
    )
    def list_import_rows(self, tx: Transaction, call: Call, import_id: UUID) -> Any:
        """List what became of each row of an import, and what is wrong with those that were refused."""
        return imports.report(tx, import_id, call.query)

    @every(seconds=1, wake="imports")
    def run_imports(self, begin: Begin) -> bool:
        return imports.supervise(begin, self.name)

    @on_events("assessments", events.AssessmentCompleted, queue="suppliers.rescore")
    def rescore_after_assessment(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.rescore_after_assessment(tx, batch, now=clock.now())

    @gauges
    def business_gauges(self, tx: Transaction) -> list[Gauge]:
        return usecases.gauges(tx)
