"""The only reader of queries.sql."""

from __future__ import annotations

from typing import Any

from chassis import sql

queries: Any = sql.load(
    __file__,
    planned=(
        "supplier",
        "areas_of_categories",
        "insert_supplier",
        "insert_identifiers",
        "insert_contacts",
        "insert_sites",
    ),
)
