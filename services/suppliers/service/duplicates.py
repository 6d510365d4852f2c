"""Suppliers that may be registered twice, and merging them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from chassis.entrypoints import every, http
from chassis.errors import Conflict
from chassis.http import listing
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Begin, Transaction
    from chassis.http import Call

_PAIR = "/duplicates/<uuid:duplicate_id>"


class Duplicates:
    """Suppliers that may be registered twice, and merging them."""

    @every(seconds=60, wake="names")
    def compare_names(self, begin: Begin) -> bool:
        began = time.monotonic()
        more = usecases.duplicates.compare_names(begin)
        if more:  # after a large import it goes on for long: all else gets as much time as it takes itself
            time.sleep(time.monotonic() - began)
        return more

    @http(
        "GET",
        "/duplicates",
        scope="duplicates:read",
        query=schemas.DuplicateQuery,
        returns=listing(schemas.DuplicateView),
    )
    def list_duplicates(self, tx: Transaction, call: Call) -> Any:
        """List pairs of suppliers that may be one, and what was decided of them."""
        return usecases.duplicates.list_duplicates(tx, call.query, call.actor)

    @http("GET", _PAIR, scope="duplicates:read", returns=schemas.DuplicateView, versioned=True)
    def get_duplicate(self, tx: Transaction, call: Call, duplicate_id: UUID) -> Any:
        """Read a pair of suppliers that may be one."""
        return usecases.duplicates.show_duplicate(tx, duplicate_id, call.actor)

    @http(
        "POST",
        f"{_PAIR}/rejection",
        scope="duplicates:decide",
        body=schemas.Rejection,
        returns=schemas.DuplicateView,
        raises=(Conflict,),
    )
    def post_rejection(self, tx: Transaction, call: Call, duplicate_id: UUID) -> Any:
        """Decide that the two are not one; the pair is not proposed again."""
        return usecases.duplicates.reject_duplicate(
            tx, duplicate_id, call.body["reason"], call.actor, call.now
        )

    @http(
        "POST",
        f"{_PAIR}/confirmation",
        scope="duplicates:decide",
        body=schemas.DuplicateConfirmation,
        returns=schemas.DuplicateView,
        raises=(Conflict,),
    )
    def post_confirmation(self, tx: Transaction, call: Call, duplicate_id: UUID) -> Any:
        """Decide that the two are one, and merge them into the one that stays."""
        return usecases.duplicates.confirm_duplicate(tx, duplicate_id, call.body, call.actor, call.now)

    @http(
        "POST",
        "/suppliers/<uuid:supplier_id>/merge",
        scope="duplicates:decide",
        body=schemas.Merge,
        returns=schemas.SupplierView,
        versioned=True,
        raises=(Conflict,),
    )
    def post_merge(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Merge suppliers into this one: it gets all that they have, and their ids mean it from then on."""
        return usecases.merging.merge(tx, supplier_id, call.body, usecases.writer(call))
