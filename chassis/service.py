"""What every service is: the endpoints that all have alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import feeds
from chassis.entrypoints import http
from chassis.errors import Conflict

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.http import Call


class Service:
    """Tells what has changed, and who wrote what."""

    @http(
        "GET",
        "/changes",
        scope="changes:read",
        query=feeds.ChangesQuery,
        returns=feeds.ChangesPage,
        raises=(Conflict,),
    )
    def list_changes(self, tx: Transaction, call: Call) -> Any:
        """Read what has changed since you last asked, as far as it is yours."""
        return feeds.changes_since(tx, call.query, call.actor)

    @http("GET", "/audit-trail", scope="audit-trail:read", query=feeds.TrailQuery, returns=feeds.TrailPage)
    def list_audit_trail(self, tx: Transaction, call: Call) -> Any:
        """Read who wrote what, in the order of the sealed chain."""
        return feeds.trail_since(tx, call.query)
