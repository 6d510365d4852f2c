"""Imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import imports
from chassis.entrypoints import http
from chassis.http import listing
from services.suppliers.imports import KINDS

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction
    from chassis.http import Call

_IMPORT = "/imports/<uuid:import_id>"


class Bulk:
    """Imports."""

    @http(
        "POST",
        "/imports",
        scope="imports:write",
        body=imports.file_of(KINDS),
        query=imports.start_query(KINDS),
        returns=imports.ImportStarted,
        creates=True,
        status=202,
        location="/imports/{import_id}",
    )
    def post_import(self, tx: Transaction, call: Call) -> Any:
        """Import a file of suppliers, contacts, contracts or sites; it is worked on after the answer."""
        return imports.start(tx, call)

    @http(
        "GET",
        "/imports",
        scope="imports:read",
        query=imports.JobQuery,
        returns=listing(imports.ImportView),
    )
    def list_imports(self, tx: Transaction, call: Call) -> Any:
        """List your imports, those of your region or all, as far as they are kept."""
        return imports.jobs(tx, call.query, call.actor)

    @http("GET", _IMPORT, scope="imports:read", returns=imports.ImportView, owner=imports.owners)
    def get_import(self, tx: Transaction, call: Call, import_id: UUID) -> Any:
        """Read how far an import is."""
        return imports.get(tx, import_id)

    @http("DELETE", _IMPORT, scope="imports:write", returns=imports.ImportView, owner=imports.owners)
    def delete_import(self, tx: Transaction, call: Call, import_id: UUID) -> Any:
        """Cancel an import: what it has done stays done; one that is over stays as it is."""
        return imports.cancel(tx, import_id, call.now)

    @http(
        "GET",
        f"{_IMPORT}/rows",
        scope="imports:read",
        query=imports.RowQuery,
        returns=listing(imports.ReportRow),
        owner=imports.owners,
    )
    def list_import_rows(self, tx: Transaction, call: Call, import_id: UUID) -> Any:
        """List what became of each row of an import, and what is wrong with those that were refused."""
        return imports.report(tx, import_id, call.query)
