"""What the service does: load, decide, save, emit."""

from services.suppliers.usecases import (
    aliases,
    categories,
    countries,
    cpv,
    duplicates,
    figures,
    follow_ups,
    leverage,
    merging,
    page,
    registry,
    risk,
    rule_sets,
    scoring,
    waves,
    whatif,
)

__all__ = [
    "aliases",
    "categories",
    "countries",
    "cpv",
    "duplicates",
    "figures",
    "follow_ups",
    "leverage",
    "merging",
    "page",
    "registry",
    "risk",
    "rule_sets",
    "scoring",
    "waves",
    "whatif",
]
