"""What the service does: load, decide, save, emit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.suppliers.usecases import (
    aliases,
    categories,
    contracts,
    countries,
    cpv,
    duplicates,
    editing,
    figures,
    finding,
    follow_ups,
    leverage,
    merging,
    own_numbers,
    page,
    registry,
    risk,
    rule_sets,
    scoring,
    sites,
    trials,
    waves,
    whatif,
)

if TYPE_CHECKING:
    from chassis.http import Call


def writer(call: Call) -> editing.Writer:
    """Return who writes by a call."""
    return editing.Writer(call.actor, call.now, call.expects)


__all__ = [
    "aliases",
    "categories",
    "contracts",
    "countries",
    "cpv",
    "duplicates",
    "editing",
    "figures",
    "finding",
    "follow_ups",
    "leverage",
    "merging",
    "own_numbers",
    "page",
    "registry",
    "risk",
    "rule_sets",
    "scoring",
    "sites",
    "trials",
    "waves",
    "whatif",
    "writer",
]
