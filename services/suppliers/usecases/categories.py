"""Risk categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from chassis import outbox, sql, trail
from chassis.errors import Invalid, PreconditionFailed, found
from services.suppliers import events, repository, schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.db import Transaction
    from chassis.events import Event
    from chassis.http import Expectation


def put_category(
    tx: Transaction, category_id: str, new: Mapping[str, Any], expects: Expectation
) -> Mapping[str, Any]:
    """Create or change a category; nothing is told where nothing is different."""
    try:
        schemas.SLUG(category_id)
    except ValidationError as fault:
        raise Invalid({"?category_id": str(fault.messages[0])}) from None
    before = repository.categories.category(tx, category_id)
    known = before["version"] if before else None
    expects.check(known)
    category = {"category_id": category_id, "version": known, **new}
    if before and sql.loads(sql.document(category)) == before:  # as it is stored: dates are texts inside JSON
        return before
    if not repository.categories.save_category(tx, category, known):
        raise PreconditionFailed
    outbox.emit(tx, [events.category_changed(category)])
    after = get_category(tx, category_id)
    trail.wrote(tx, "category", category_id, before, after, schema=schemas.CategoryView)
    return after


def get_category(tx: Transaction, category_id: str) -> dict[str, Any]:
    """Return a category."""
    return found(repository.categories.category(tx, category_id), "category")


def list_categories(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of categories."""
    return repository.categories.categories(tx, query)


def present_categories(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of categories, by subject."""
    return [
        events.category_changed(row._asdict())
        for row in repository.categories.categories_after(tx, after, limit)
    ]
