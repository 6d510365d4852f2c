"""Risk categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.entrypoints import http
from chassis.http import listing
from services.suppliers import schemas, usecases

if TYPE_CHECKING:
    from chassis.db import Transaction
    from chassis.http import Call

_CATEGORY = "/categories/<category_id>"
_PRIORITY = f"{_CATEGORY}/priorities/<int(min=2000, max=2100):year>"


class Categories:
    """Risk categories."""

    @http(
        "PUT",
        _CATEGORY,
        scope="categories:write",
        path=schemas.CategoryPath,
        body=schemas.NewCategory,
        returns=schemas.CategoryView,
        creates=True,
        versioned=True,
    )
    def put_category(self, tx: Transaction, call: Call, category_id: str) -> Any:
        """Create or change a risk category; those below it follow where its area is theirs."""
        return usecases.categories.put_category(tx, category_id, call.body, call.expects)

    @http("GET", _CATEGORY, scope="categories:read", returns=schemas.CategoryView, versioned=True)
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

    @http(
        "GET",
        f"{_CATEGORY}/analyses",
        scope="categories:read",
        query=schemas.AnalysisQuery,
        returns=listing(schemas.AnalysisVersion),
    )
    def list_analyses(self, tx: Transaction, call: Call, category_id: str) -> Any:
        """List every version of a category's risk analysis, with who wrote it and when."""
        return usecases.categories.list_analyses(tx, category_id, call.query)

    @http(
        "PUT",
        _PRIORITY,
        scope="categories:write",
        body=schemas.NewPriority,
        returns=schemas.PriorityView,
        creates=True,
        versioned=True,
    )
    def put_priority(self, tx: Transaction, call: Call, category_id: str, year: int) -> Any:
        """Give a category priority in a year, and say who decided it."""
        return usecases.categories.put_priority(tx, category_id, year, call.body, call.expects)

    @http("GET", _PRIORITY, scope="categories:read", returns=schemas.PriorityView, versioned=True)
    def get_priority(self, tx: Transaction, call: Call, category_id: str, year: int) -> Any:
        """Read who decided that a category has priority in a year."""
        return usecases.categories.get_priority(tx, category_id, year)

    @http("DELETE", _PRIORITY, scope="categories:write", versioned=True)
    def delete_priority(self, tx: Transaction, call: Call, category_id: str, year: int) -> None:
        """Take a year's priority from a category."""
        usecases.categories.drop_priority(tx, category_id, year, call.expects)

    @http(
        "GET",
        f"{_CATEGORY}/priorities",
        scope="categories:read",
        query=schemas.PriorityQuery,
        returns=listing(schemas.PriorityView),
    )
    def list_priorities(self, tx: Transaction, call: Call, category_id: str) -> Any:
        """List the years in which a category has priority."""
        return usecases.categories.list_priorities(tx, category_id, call.query)
