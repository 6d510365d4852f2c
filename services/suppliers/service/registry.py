"""Suppliers: register, find, read, change, archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.errors import Conflict
from chassis.http import listing
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call

_SUPPLIER = "/suppliers/<uuid:supplier_id>"


class Registry:
    """Suppliers: register, find, read, change, archive."""

    @http(
        "POST",
        "/suppliers",
        scope="suppliers:write",
        body=schemas.NewSupplier,
        returns=schemas.SupplierView,
        creates=True,
        status=201,
        location="/suppliers/{supplier_id}",
        versioned=True,
    )
    def post_supplier(self, tx: Transaction, call: Call) -> Any:
        """Register a supplier with its contacts, sites and contracts; regions add contracts of their own."""
        return usecases.registry.register_supplier(tx, call.body, call.actor, call.now)

    @http(
        "GET",
        "/suppliers",
        scope="suppliers:read",
        query=schemas.SupplierQuery,
        returns=listing(schemas.SupplierView),
    )
    def list_suppliers(self, tx: Transaction, call: Call) -> Any:
        """Find suppliers; the register is shared by all regions, contacts and contracts are not."""
        return usecases.finding.list_suppliers(tx, call.query, call.actor)

    @http(
        "POST",
        "/suppliers/lookup",
        scope="suppliers:read",
        body=schemas.Lookup,
        returns=schemas.LookupView,
    )
    def look_up_suppliers(self, tx: Transaction, call: Call) -> Any:
        """Look suppliers up by the numbers of your region's own register, or by those of a scheme."""
        return usecases.finding.look_up(tx, call.body, call.actor)

    @http("GET", _SUPPLIER, scope="suppliers:read", returns=schemas.SupplierView, versioned=True)
    def get_supplier(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Read a supplier."""
        return usecases.registry.get_supplier(tx, supplier_id, call.actor)

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
        """Change or correct a supplier's names, numbers and contacts; a region those that are its own."""
        return usecases.registry.change_supplier(tx, supplier_id, call.body, call.expects, call.actor)

    @http(
        "POST",
        f"{_SUPPLIER}/own-numbers/removal",
        scope="suppliers:write",
        body=schemas.OwnNumberRemoval,
        returns=schemas.SupplierView,
        versioned=True,
    )
    def post_own_number_removal(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Take a number of your region's own register from a supplier that it was given to wrongly."""
        return usecases.own_numbers.remove_own_number(tx, supplier_id, call.body, usecases.writer(call))

    @http(
        "POST",
        f"{_SUPPLIER}/status",
        scope="suppliers:write",
        body=schemas.Status,
        returns=schemas.SupplierView,
        versioned=True,
        raises=(Conflict,),
    )
    def post_status(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Say what has become of a supplier; the office, or the only region that buys from it."""
        return usecases.registry.set_status(tx, supplier_id, call.body, usecases.writer(call))
