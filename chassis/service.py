"""What every service is: the endpoints that all have alike."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from chassis import feeds
from chassis.entrypoints import http
from chassis.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chassis.changes import Resource
    from chassis.db import Transaction
    from chassis.http import Call


class Service:
    """Tells what has changed, and who wrote what.

    `aliases`: parameters of addresses whose values may mean other ones: name -> (tx, value) -> what it means.
    `resources`: each kind of thing that a service writes, and the scope that reads it. What is not declared
    here is told to nobody.
    """

    aliases: ClassVar[Mapping[str, Callable[[Transaction, Any], Any]]] = MappingProxyType({})
    resources: ClassVar[Mapping[str, Resource]]

    @http(
        "GET",
        "/changes",
        scope="changes:read",
        query=feeds.ChangesQuery,
        returns=feeds.ChangesPage,
        raises=(Conflict,),
    )
    def list_changes(self, tx: Transaction, call: Call) -> Any:
        """Read what has changed since you last asked, as far as you may read it and it is yours."""
        return feeds.changes_since(tx, call.query, call.actor, self.resources)

    @http(
        "GET",
        "/audit-trail",
        scope="audit-trail:read",
        query=feeds.TrailQuery,
        returns=feeds.TrailPage,
        raises=(Conflict,),
    )
    def list_audit_trail(self, tx: Transaction, call: Call) -> Any:
        """Read who wrote what, in the order of the sealed chain."""
        return feeds.trail_since(tx, call.query, self.resources)
