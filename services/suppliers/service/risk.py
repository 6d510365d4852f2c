"""The risk of each case, with its arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.http import listing
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call

_SUPPLIER = "/suppliers/<uuid:supplier_id>"


class Risk:
    """The risk of each case, with its arithmetic."""

    @http(
        "GET",
        f"{_SUPPLIER}/risk",
        scope="risk:read",
        query=schemas.page.Language,
        returns=schemas.RiskView,
        html=True,
    )
    def get_risk(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Read the risk of a supplier's cases, as far as they are yours, with every term; or a page of it."""
        if call.page:
            return usecases.page.get_risk_page(tx, supplier_id, call)
        return usecases.risk.get_risk(tx, supplier_id, call.actor)

    @http(
        "POST",
        f"{_SUPPLIER}/risk/what-if",
        scope="risk:read",
        body=schemas.whatif.WhatIf,
        returns=schemas.whatif.WhatIfView,
    )
    def ask_what_if(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Ask what a case's score would be if cells, deviations or the rule set were different."""
        return usecases.whatif.suppose(tx, supplier_id, call.body, call.actor, call.now)

    @http(
        "GET",
        f"{_SUPPLIER}/risk/history",
        scope="risk:read",
        query=schemas.HistoryQuery,
        returns=listing(schemas.PastScore),
    )
    def list_risk_history(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """List every score that a supplier's cases have had, with what it followed from."""
        return usecases.risk.get_risk_history(tx, supplier_id, call.query, call.actor)
