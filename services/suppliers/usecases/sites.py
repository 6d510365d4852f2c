"""Production sites: add, read, change, take away; what changes a score has the supplier's cases scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.errors import NotFound, found
from services.suppliers import ownership, repository, views
from services.suppliers.usecases import editing
from services.suppliers.usecases.scoring import rescore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from uuid import UUID

    from chassis.access import Identity
    from chassis.db import Transaction
    from services.suppliers.usecases.editing import Writer

    # A site's address: its supplier, and itself
    Place = tuple[UUID, UUID]

# What of a site a score follows from
_SCORED = ("tier", "country", "category_ids")


def add_site(tx: Transaction, supplier_id: UUID, new: Mapping[str, Any], by: Writer) -> Mapping[str, Any]:
    """Add a site to a supplier. The answer shows all of it: who wrote it knows it."""
    before = _held(tx, supplier_id, by.actor)
    _require_categories(tx, new)
    keys = _lock_cases(tx, before, new["category_ids"])
    [site_id] = repository.sites.add_sites(tx, supplier_id, [new], by.actor.limited_to("region"))
    _tell(tx, before, keys, by.now)
    return found(repository.sites.site(tx, supplier_id, site_id), "site")


def get_site(tx: Transaction, place: Place, actor: Identity) -> dict[str, Any]:
    """Return a site as the caller may see it."""
    shown = views.shown_site(found(repository.sites.site(tx, *place), "site"), actor)
    return found(shown, "site")


def change_site(tx: Transaction, place: Place, new: Mapping[str, Any], by: Writer) -> dict[str, Any]:
    """Write a site; what the caller is not shown of it stays where it is left out. The answer shows what was
    written, also of one that the caller has put into a deeper tier, and sees no more.
    """
    before, site = _both(tx, place, by)
    after = views.kept_site(new, site, by.actor)
    if after == {name: site[name] for name in after}:
        return get_site(tx, place, by.actor)
    _require_categories(tx, after)
    differs = any(after[name] != site[name] for name in _SCORED)
    named = {*site["category_ids"], *after["category_ids"]} if differs else ()
    keys = _lock_cases(tx, before, named)
    repository.sites.change_site(tx, place[1], after)
    _tell(tx, before, keys, by.now)
    written = found(repository.sites.site(tx, *place), "site")
    return views.written_site(written, new, by.actor)


def remove_site(tx: Transaction, place: Place, reason: str, by: Writer) -> None:
    """Take a site away, with a reason that stands in the trail."""
    before, site = _both(tx, place, by)
    keys = _lock_cases(tx, before, site["category_ids"])
    repository.sites.remove_site(tx, place[1])
    _tell(tx, before, keys, by.now, reason=reason, action="site_removed")


def _held(tx: Transaction, supplier_id: UUID, actor: Identity) -> dict[str, Any]:
    before = editing.hold(tx, supplier_id)
    standings = repository.registry.standings_of_suppliers(tx, [supplier_id])
    ownership.require_supplier(actor, standings[supplier_id])
    return before


def _both(tx: Transaction, place: Place, by: Writer) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the supplier, held, and the site, if the caller may write them as they are."""
    before = _held(tx, place[0], by.actor)
    site = repository.sites.site(tx, *place)
    if site is None or views.shown_site(site, by.actor) is None:
        raise NotFound("There is no such site.")
    by.expects.check(site["version"])
    return before, site


def _require_categories(tx: Transaction, site: Mapping[str, Any]) -> None:
    editing.areas_of(tx, {f"/category_ids/{i}": each for i, each in enumerate(site["category_ids"])})


def _lock_cases(
    tx: Transaction, supplier: Mapping[str, Any], categories: Iterable[str]
) -> set[tuple[UUID, str]]:
    """Lock and return those of a supplier's cases that have a contract in these categories."""
    bought = {contract["category_id"] for contract in supplier["contracts"]}
    keys = {(supplier["supplier_id"], each) for each in bought.intersection(categories)}
    if keys:
        repository.scores.lock_cases(tx, keys)
    return keys


def _tell(
    tx: Transaction, before: Mapping[str, Any], keys: Iterable[tuple[UUID, str]], now: datetime, **said: Any
) -> None:
    after = editing.raise_version(tx, before["supplier_id"])
    cause = editing.tell(tx, before, after, **said)
    if keys:
        rescore(tx, {key: [cause] for key in keys}, {}, now)
