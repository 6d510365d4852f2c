"""What each caller sees of a supplier (DOMAIN.md, "Who may do what"): the one place that decides.

    view        caller                                        sees
    internal    the national office                           all
    whole       has a contract with it; an area: in one of    all but: tiers beyond the first, sub-suppliers'
                its categories; while it has no contract at   names and addresses, natural persons' numbers
                all, a number of its own for it               (but for those in the region's own register)
    shared      everybody else who may read suppliers         name, numbers, country, status, categories,
                                                              countries of production, what its own register
                                                              calls it

Who writes what it is not shown leaves it out, and it stays: `kept`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.suppliers import ownership
from services.suppliers.schemas.identifiers import OPEN, person
from services.suppliers.schemas.registry import SHARED, WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.access import Identity, Owners

# Deeper tiers stay in the internal record: a sub-supplier is nobody else's business.
SHARED_TIERS = (0, 1)
# The view in which nothing is left out
INTERNAL = "internal"

_HIDDEN_OF_SITES = ("name", "operator", "address")
_SHARED_ONLY = ("contacts", "sites", "contracts")


def readers(supplier: Mapping[str, Any]) -> Owners:
    """Return who sees a supplier, as the repository gives it, whole: those whose it is (`ownership.py`).

    A region gives a number of its own to any supplier, by itself: that shows nothing of others' dealings.
    """
    return ownership.standing_of(supplier).owners


def shown(
    supplier: Mapping[str, Any], actor: Identity, written: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a supplier as this caller may see it; `written`: what the caller has just written of it."""
    sites = [site for site in supplier["sites"] if site["tier"] in SHARED_TIERS]
    told = {
        **supplier,
        "shown": WHOLE,
        "categories": _categories(supplier),
        "countries": sorted({site["country"] for site in sites}),
    }
    if actor.view == INTERNAL:
        return told
    told["identifiers"] = _open(supplier["identifiers"], (written or {}).get("identifiers", {}))
    region = actor.limited_to("region")
    if not actor.reaches(readers(supplier)):
        own_numbers = [own for own in supplier["own_numbers"] if own["region"] == region] or None
        hidden = {**dict.fromkeys(_SHARED_ONLY), "shown": SHARED, "status_reason": None}
        return told | hidden | {"own_numbers": own_numbers}
    told["sites"] = [shown_site(site, actor) for site in sites]
    told["own_numbers"] = [
        own for own in supplier["own_numbers"] if own["region"] == region or not person(own["number"])
    ]
    return told


def shown_site(site: Mapping[str, Any], actor: Identity) -> dict[str, Any] | None:
    """Return a site as a caller who sees its supplier whole may see it; None: not at all."""
    if actor.view == INTERNAL:
        return dict(site)
    if site["tier"] not in SHARED_TIERS:
        return None
    return {**site, **dict.fromkeys(_hidden(site))}


def knows_site(site: Mapping[str, Any], actor: Identity) -> bool:
    """Tell whether a caller knows all of a site: shown in full, or registered by the caller's region."""
    region = actor.limited_to("region")
    return shown_site(site, actor) == site or (region is not None and site["registered_by"] == region)


def written_site(site: Mapping[str, Any], written: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a site as it is shown to who has just written it: what it is not shown only as it was given."""
    hidden = () if actor.view == INTERNAL else _hidden(site)
    return {**site, **{name: written[name] for name in hidden}}


def kept_identifiers(new: Mapping[str, str], before: Mapping[str, str], actor: Identity) -> dict[str, str]:
    """Return a supplier's numbers as they are to be: who is not shown one has not meant to remove it."""
    if actor.view == INTERNAL:
        return dict(new)
    return {**{scheme: number for scheme, number in before.items() if scheme not in OPEN}, **new}


def kept_site(new: Mapping[str, Any], before: Mapping[str, Any], actor: Identity) -> dict[str, Any]:
    """Return a site as it is to be, likewise."""
    hidden = () if actor.view == INTERNAL else _hidden(before)
    stays = {name: before[name] for name in (*hidden, "name") if new[name] is None}
    return {**new, **stays}


def _categories(supplier: Mapping[str, Any]) -> list[str]:
    sites = (site["category_ids"] for site in supplier["sites"] if site["tier"] in SHARED_TIERS)
    return sorted({contract["category_id"] for contract in supplier["contracts"]}.union(*sites))


def _hidden(site: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what nobody outside the office sees of a site: who the sub-supplier is."""
    own = site["tier"] == 0 and site["operator"] is None
    return () if own else _HIDDEN_OF_SITES


def _open(identifiers: Mapping[str, str], written: Mapping[str, str]) -> dict[str, str]:
    return {
        scheme: number
        for scheme, number in identifiers.items()
        if scheme in OPEN or written.get(scheme) == number
    }
