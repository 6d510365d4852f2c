"""What the tests of a supplier's parts have in common: who writes, what, and what came of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.suppliers import repository, schemas, usecases
from services.suppliers.usecases.editing import Writer
from tests.callers import OFFICE, WHATEVER, caller
from tests.suppliers.bodies import GLOVES, SUPPLIER, loaded
from tests.suppliers.steps import LATER

STOCKHOLM, SKANE, GOTLAND = (caller("region", region=code) for code in ("01", "12", "09"))
GLOVES_AREA = caller("area_coordinator", area=GLOVES["responsible_area"])
SITE, CONTRACT = SUPPLIER["sites"][0], SUPPLIER["contracts"][0]


def by(actor: Any = OFFICE, expects: Any = WHATEVER) -> Writer:
    return Writer(actor, LATER, expects)


def site(**changes: Any) -> dict[str, Any]:
    return loaded(schemas.Site, SITE | changes)


def contract(**changes: Any) -> dict[str, Any]:
    return loaded(schemas.Contract, CONTRACT | changes)


def whole(tx: Any, supplier_id: Any, actor: Any = OFFICE) -> dict[str, Any]:
    return usecases.registry.get_supplier(tx, supplier_id, actor)


def told(emitted: Any, tx: Any) -> list[str]:
    return [event["type"] for event in emitted(tx)]


def bands(tx: Any, supplier_id: Any) -> dict[str, Any]:
    return {case.category_id: case.band for case in usecases.risk.get_risk(tx, supplier_id, OFFICE)["cases"]}


def site_at(tx: Any, supplier_id: Any, tier: int = 1) -> tuple[Any, UUID]:
    found = next(each for each in whole(tx, supplier_id)["sites"] if each["tier"] == tier)
    return supplier_id, UUID(found["site_id"])


def only_contract(tx: Any, supplier_id: Any) -> tuple[Any, Any]:
    [only] = repository.contracts.contracts(tx, supplier_id)
    return supplier_id, only["contract_id"]
