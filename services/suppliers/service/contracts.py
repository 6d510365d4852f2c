"""A supplier's contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.errors import Conflict
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call

_CONTRACTS = "/suppliers/<uuid:supplier_id>/contracts"
_CONTRACT = f"{_CONTRACTS}/<uuid:contract_id>"


class Contracts:
    """A supplier's contracts: register, read, change, remove."""

    @http(
        "POST",
        _CONTRACTS,
        scope="suppliers:write",
        body=schemas.Contract,
        returns=schemas.ContractView,
        creates=True,
        status=201,
        location="/suppliers/{supplier_id}/contracts/{contract_id}",
        versioned=True,
    )
    def post_contract(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Register a contract; its category becomes a case with a score. Regions register their own."""
        return usecases.contracts.add_contract(tx, supplier_id, call.body, usecases.writer(call))

    @http(
        "GET",
        _CONTRACT,
        scope="suppliers:read",
        returns=schemas.ContractView,
        versioned=True,
        owner=lambda tx, supplier_id, contract_id: usecases.registry.readers_of(tx, supplier_id),
    )
    def get_contract(self, tx: Transaction, call: Call, supplier_id: UUID, contract_id: UUID) -> Any:
        """Read a contract."""
        return usecases.contracts.get_contract(tx, (supplier_id, contract_id))

    @http(
        "PUT",
        _CONTRACT,
        scope="suppliers:write",
        body=schemas.Contract,
        returns=schemas.ContractView,
        versioned=True,
        raises=(Conflict,),
    )
    def put_contract(self, tx: Transaction, call: Call, supplier_id: UUID, contract_id: UUID) -> Any:
        """Change a contract; who takes part in it may take others in, and takes nobody out."""
        place = (supplier_id, contract_id)
        return usecases.contracts.change_contract(tx, place, call.body, usecases.writer(call))

    @http("DELETE", _CONTRACT, scope="suppliers:write", body=schemas.Removal, versioned=True)
    def delete_contract(self, tx: Transaction, call: Call, supplier_id: UUID, contract_id: UUID) -> None:
        """Remove a contract that was wrongly registered, with the reason why; an ended one stays."""
        place, reason = (supplier_id, contract_id), call.body["reason"]
        usecases.contracts.remove_contract(tx, place, reason, usecases.writer(call))
