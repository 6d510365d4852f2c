"""Risk categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.http import listing
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.http import Call


class Categories:
    """Risk categories."""

    @http(
        "PUT",
        "/categories/<category_id>",
        scope="categories:write",
        body=schemas.NewCategory,
        returns=schemas.CategoryView,
        versioned=True,
    )
    def put_category(self, tx: Transaction, call: Call, category_id: str) -> Any:
        """Create or change a risk category."""
        return usecases.categories.put_category(tx, category_id, call.body, call.expects)

    @http(
        "GET",
        "/categories/<category_id>",
        scope="categories:read",
        returns=schemas.CategoryView,
        versioned=True,
    )
    def get_category(self, tx: Transaction, call: Call, category_id: str) -> Any:
        """Read a risk category."""
        return usecases.categories.get_category(tx, category_id)

    @http(
        "GET",
        "/categories",
        scope="categories:read",
        query=schemas.CategoryQuery,
        returns=listing(schemas.CategoryView),
    )
    def list_categories(self, tx: Transaction, call: Call) -> Any:
        """List the risk categories."""
        return usecases.categories.list_categories(tx, call.query)
