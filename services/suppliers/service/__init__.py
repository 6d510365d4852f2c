"""The suppliers service: what it answers, hears and shows; a module for each of its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chassis import clock, imports
from chassis.changes import Resource
from chassis.entrypoints import Settings, every, gauges, on_events
from chassis.resync import Projection
from chassis.service import Service
from services.suppliers import events, schemas, usecases
from services.suppliers.service.bulk import Bulk
from services.suppliers.service.categories import Categories
from services.suppliers.service.contracts import Contracts
from services.suppliers.service.countries import Countries
from services.suppliers.service.cpv import Vocabulary
from services.suppliers.service.duplicates import Duplicates
from services.suppliers.service.figures import Figures
from services.suppliers.service.leverage import Leverage
from services.suppliers.service.registry import Registry
from services.suppliers.service.risk import Risk
from services.suppliers.service.rule_sets import RuleSets
from services.suppliers.service.sites import Sites

if TYPE_CHECKING:
    from chassis.db import Begin, Transaction
    from chassis.events import Received
    from chassis.metrics import Gauge


class SuppliersService(
    Registry,
    Sites,
    Contracts,
    Duplicates,
    Categories,
    Vocabulary,
    Countries,
    Risk,
    RuleSets,
    Leverage,
    Figures,
    Bulk,
    Service,
):
    """The registry of suppliers, and the risk score of each of their cases."""

    name = "suppliers"
    settings = Settings(schemas.Settings)
    resources: ClassVar = {
        "supplier": Resource("suppliers:read"),
        "risk": Resource("risk:read", owned=True),
        "category": Resource("categories:read"),
        "category-priority": Resource("categories:read"),
        "country-index": Resource("country-indices:read"),
        "duplicate": Resource("duplicates:read"),
        "rule-set": Resource("risk:read"),
        "rule-set-in-force": Resource("risk:read"),
        "follow-up": Resource("follow-ups:read", owned=True),
        "figures": Resource("figures:read"),
    }
    tells = (
        usecases.registry.present_suppliers,
        usecases.merging.present_merges,
        usecases.categories.present_categories,
        usecases.scoring.present_scores,
    )
    aliases: ClassVar = {"supplier_id": usecases.aliases.survivor_of}
    keeps = (Projection("assessments", "judgement", ("supplier_id", "category_id")),)

    @every(seconds=0.5, wake="imports")
    def run_imports(self, begin: Begin) -> bool:
        return imports.supervise(begin, self.name)

    @every(seconds=5, wake="waves")
    def work_on_waves(self, begin: Begin) -> bool:
        return usecases.waves.work(begin, clock.now())

    @every(seconds=3600)
    def begin_decay(self, begin: Begin) -> bool:
        with begin() as tx:
            usecases.waves.begin_decay(tx, clock.now())
        return False

    @every(seconds=3600)
    def forget_trials(self, begin: Begin) -> bool:
        return usecases.trials.forget(begin, self.settings["TRIAL_DAYS"], clock.now())

    @on_events("assessments", events.AssessmentCompleted, queue="suppliers.rescore")
    def rescore_after_assessment(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.scoring.rescore_after_assessment(tx, batch, now=clock.now())

    @on_events(
        "audits",
        events.AuditReported,
        events.DeviationRaised,
        events.DeviationOverdue,
        events.DeviationVerified,
        queue="suppliers.findings",
    )
    def rescore_after_findings(self, tx: Transaction, batch: list[Received]) -> None:
        usecases.scoring.rescore_after_findings(tx, batch, now=clock.now())

    @gauges
    def business_gauges(self, tx: Transaction) -> list[Gauge]:
        return [*usecases.scoring.gauges(tx), *usecases.figures.gauges(tx), *usecases.duplicates.gauges(tx)]
