"""Risk categories: their place and owner, their analysis by version, the years that give them priority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import clock, outbox, sql, trail
from chassis.errors import Invalid, PreconditionFailed, found
from services.suppliers import events, repository, schemas
from services.suppliers.usecases import waves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.db import Transaction
    from chassis.events import Event
    from chassis.http import Expectation


def put_category(
    tx: Transaction, category_id: str, new: Mapping[str, Any], expects: Expectation
) -> Mapping[str, Any]:
    """Create or change a category; what follows for those below it is told too, and nothing else."""
    repository.categories.lock_categories(tx)
    branch = repository.categories.branch(tx, category_id)
    before: dict[str, Any] | None = branch[category_id]._asdict() if branch else None
    known = before["version"] if before else None
    expects.check(known)
    _require_place(tx, category_id, new["parent_id"], branch)
    kept = before["prioritised_years"] if before else []
    category = {**new, "prioritised_years": sorted(new.get("prioritised_years", kept))}
    category = sql.loads(sql.document(category))  # as it is stored: dates are texts inside JSON
    if before and category == {name: before[name] for name in category}:
        return before
    rescores = before is not None and _computed(before) != _computed(category)
    if rescores:
        repository.basis.hold(tx)
    _write(tx, {"category_id": category_id, **category}, known)
    after = _told(tx, category_id, branch)
    if rescores:
        about = f"{category_id}/{after['analysis_version']}"
        waves.begin(tx, "analysis", about, clock.now(), category_id)
    return after


def _computed(category: Mapping[str, Any]) -> list[Any]:
    """Return what scores are computed with of an analysis: why it says so changes none."""
    return [
        entry and (entry["likelihood"], entry["severity"], entry["valid_until"])
        for entry in category["analysis"]
    ]


def _require_place(
    tx: Transaction, category_id: str, parent_id: str | None, branch: Mapping[str, Any]
) -> None:
    """Raise Invalid for a parent that there is not, or that lies below the category itself."""
    if parent_id is None:
        return
    if parent_id == category_id or parent_id in branch:
        raise Invalid({"/parent_id": "Is this category itself, or below it: categories form a tree."})
    if repository.categories.category(tx, parent_id) is None:
        raise Invalid({"/parent_id": "There is no such category."})


def _write(tx: Transaction, category: Mapping[str, Any], known: int | None) -> None:
    category_id, now = category["category_id"], clock.now()
    if not repository.categories.save_category(tx, category, known):
        raise PreconditionFailed
    repository.categories.settle_areas(tx, category_id)
    repository.categories.keep_analysis(tx, category_id, _who(tx), now)
    decided = repository.categories.decisions(tx, category_id)
    years = category["prioritised_years"]
    if set(years) == decided.keys():
        return
    repository.categories.decide_years(tx, category_id, years, _who(tx), now.date())
    after = repository.categories.decisions(tx, category_id)
    for year in sorted(decided.keys() ^ after.keys()):
        _decided(tx, decided.get(year), after.get(year))


def _who(tx: Transaction) -> str | None:
    return tx.actor.subject if tx.actor else None


def _told(tx: Transaction, category_id: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what is different in a category and below it, and return the category."""
    after = repository.categories.branch(tx, category_id)
    differing = [each for each in after if after[each] != before.get(each)]
    outbox.emit(tx, [events.category_changed(after[each]._asdict()) for each in differing])
    writes = [trail.Write(each, before.get(each), after[each]) for each in differing]
    trail.wrote_all(tx, "category", writes, schema=schemas.CategoryView)
    changed: dict[str, Any] = after[category_id]._asdict()
    return changed


def get_category(tx: Transaction, category_id: str) -> dict[str, Any]:
    """Return a category."""
    return found(repository.categories.category(tx, category_id), "category")


def list_categories(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of categories."""
    return repository.categories.categories(tx, query)


def list_analyses(tx: Transaction, category_id: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of the versions of a category's analysis."""
    get_category(tx, category_id)
    return repository.categories.analysis_versions(tx, category_id, query)


def put_priority(
    tx: Transaction, category_id: str, year: int, decision: Mapping[str, Any], expects: Expectation
) -> dict[str, Any]:
    """Give a category priority in a year, or say otherwise who decided it."""
    branch = _held(tx, category_id)
    before = repository.categories.priority(tx, category_id, year)
    expects.check(before["version"] if before else None)
    if before and decision == {name: before[name] for name in decision}:
        return before
    repository.categories.save_priority(tx, category_id, year, decision)
    after = get_priority(tx, category_id, year)
    _decided(tx, before, after)
    _told(tx, category_id, branch)
    return after


def drop_priority(tx: Transaction, category_id: str, year: int, expects: Expectation) -> None:
    """Take a year's priority from a category."""
    branch = _held(tx, category_id)
    before = get_priority(tx, category_id, year)
    expects.check(before["version"])
    repository.categories.delete_priority(tx, category_id, year)
    _decided(tx, before, None)
    _told(tx, category_id, branch)


def _held(tx: Transaction, category_id: str) -> dict[str, Any]:
    """Hold all categories; return the named one with those below it."""
    repository.categories.lock_categories(tx)
    get_category(tx, category_id)
    return repository.categories.branch(tx, category_id)


def _decided(tx: Transaction, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    named = after or before or {}
    subject = f"{named['category_id']}/{named['year']}"
    trail.wrote(tx, "category-priority", subject, before, after, schema=schemas.PriorityView)


def get_priority(tx: Transaction, category_id: str, year: int) -> dict[str, Any]:
    """Return who decided that a category has priority in a year."""
    return found(repository.categories.priority(tx, category_id, year), "year with priority")


def list_priorities(tx: Transaction, category_id: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of a category's years with priority."""
    get_category(tx, category_id)
    return repository.categories.priorities(tx, category_id, query)


def present_categories(tx: Transaction, after: str | None, limit: int) -> list[Event]:
    """Return what a resync tells of categories, by subject."""
    return [
        events.category_changed(row._asdict())
        for row in repository.categories.categories_after(tx, after, limit)
    ]
