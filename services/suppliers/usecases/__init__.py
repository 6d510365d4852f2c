"""What the service does: load, decide, save, emit."""

from services.suppliers.usecases import (
    aliases,
    categories,
    countries,
    cpv,
    duplicates,
    merging,
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
    "merging",
    "registry",
    "risk",
    "rule_sets",
    "scoring",
    "waves",
    "whatif",
]
