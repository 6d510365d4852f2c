"""The Common Procurement Vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.http import Call


class Vocabulary:
    """The Common Procurement Vocabulary."""

    @http("GET", "/cpv", scope="categories:read", query=schemas.CpvQuery, returns=schemas.CpvFound)
    def find_cpv(self, tx: Transaction, call: Call) -> Any:
        """Look for a code of the procurement vocabulary (CPV 2008) by words of its label, or its digits."""
        return usecases.cpv.find_cpv(call.query)

    @http("GET", "/cpv/<code>", scope="categories:read", returns=schemas.CpvView)
    def get_cpv(self, tx: Transaction, call: Call, code: str) -> Any:
        """Read a code of the procurement vocabulary, and which categories it proposes."""
        return usecases.cpv.get_cpv(tx, code)
