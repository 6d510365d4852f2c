"""The suppliers service: what it answers, hears and shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import clock
from chassis.entrypoints import Settings, gauges, http, on_events
from chassis.resync import Projection
from services.suppliers import events, schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.events import Received
    from chassis.http import Call
    from chassis.metrics import Gauge


class SuppliersService:
    """The registry of suppliers, and the risk score of each of their cases."""

    name = "suppliers"
    settings = Settings(schemas.Settings)
    tells = (usecases.present_suppliers, usecases.present_categories, usecases.present_scores)
    keeps = (Projection("assessments", "judgement", ("supplier_id", "category_id")),)

    @http(
        "POST",
        "/suppliers",
        body=schemas.NewSupplier,
        returns=schemas.SupplierView,
        status=201,
        location="/suppliers/{supplier_id}",
    )
    def post_supplier(self, tx: Transaction, call: Call) -> Any:
        return usecases.register_supplier(tx, call.body, call.now)

    @http("GET", "/suppliers", query=schemas.SupplierQuery, returns=schemas.SupplierPage)
    def list_suppliers(self, tx: Transaction, call: Call) -> Any:
        return usecases.list_suppliers(tx, call.query)

    @http("GET", "/suppliers/<uuid:supplier_id>", returns=schemas.SupplierView)
    def get_supplier(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        return usecases.get_supplier(tx, supplier_id)

    @http("GET", "/suppliers/<uuid:supplier_id>/risk", returns=schemas.RiskView)
    def get_risk(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        return usecases.get_risk(tx, supplier_id)

    @http(
        "GET",
        "/suppliers/<uuid:supplier_id>/risk/history",
        query=schemas.HistoryQuery,
        returns=schemas.ScorePage,
    )
    def get_risk_history(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        return usecases.get_risk_history(tx, supplier_id, call.query)

    @http("PUT", "/categories/<category_id>", body=schemas.NewCategory, returns=schemas.CategoryView)
    def put_category(self, tx: Transaction, call: Call, category_id: str) -> Any:
        return usecases.put_category(tx, category_id, call.body)

    @http("GET", "/categories", returns=schemas.CategoryList)
    def list_categories(self, tx: Transaction, call: Call) -> Any:
        return usecases.list_categories(tx)

    @http(
        "PUT",
        "/country-indices/<index>/<int(min=1990, max=2100):year>",
        body=schemas.CountryValues,
        returns=schemas.DatasetView,
    )
    def put_country_index(self, tx: Transaction, call: Call, index: str, year: int) -> Any:
        return usecases.import_country_index(tx, index, year, call.body["values"], call.now)

    @http("GET", "/country-indices", returns=schemas.DatasetList)
    def list_country_indices(self, tx: Transaction, call: Call) -> Any:
        return usecases.list_country_indices(tx)

    @on_events("assessments", events.AssessmentCompleted, queue="suppliers.rescore")
    def rescore_after_assessment(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.rescore_after_assessment(tx, batch, now=clock.now())

    @gauges
    def business_gauges(self, tx: Transaction) -> list[Gauge]:
        return usecases.gauges(tx)
