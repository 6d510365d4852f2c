"""A supplier's production sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call

_SITES = "/suppliers/<uuid:supplier_id>/sites"
_SITE = f"{_SITES}/<uuid:site_id>"


class Sites:
    """A supplier's production sites: add, read, change, take away."""

    @http(
        "POST",
        _SITES,
        scope="suppliers:write",
        body=schemas.Site,
        returns=schemas.SiteView,
        creates=True,
        status=201,
        location="/suppliers/{supplier_id}/sites/{site_id}",
        versioned=True,
    )
    def post_site(self, tx: Transaction, call: Call, supplier_id: UUID) -> Any:
        """Add a site of the supplier, or of a sub-supplier."""
        return usecases.sites.add_site(tx, supplier_id, call.body, usecases.writer(call))

    @http(
        "GET",
        _SITE,
        scope="suppliers:read",
        returns=schemas.SiteView,
        versioned=True,
        owner=lambda tx, supplier_id, site_id: usecases.registry.readers_of(tx, supplier_id),
    )
    def get_site(self, tx: Transaction, call: Call, supplier_id: UUID, site_id: UUID) -> Any:
        """Read a site."""
        return usecases.sites.get_site(tx, (supplier_id, site_id), call.actor)

    @http(
        "PUT",
        _SITE,
        scope="suppliers:write",
        body=schemas.SiteChange,
        returns=schemas.SiteView,
        versioned=True,
    )
    def put_site(self, tx: Transaction, call: Call, supplier_id: UUID, site_id: UUID) -> Any:
        """Change a site."""
        place = (supplier_id, site_id)
        return usecases.sites.change_site(tx, place, call.body, usecases.writer(call))

    @http("DELETE", _SITE, scope="suppliers:write", body=schemas.Removal, versioned=True)
    def delete_site(self, tx: Transaction, call: Call, supplier_id: UUID, site_id: UUID) -> None:
        """Take a site away, with the reason why."""
        place, reason = (supplier_id, site_id), call.body["reason"]
        usecases.sites.remove_site(tx, place, reason, usecases.writer(call))
