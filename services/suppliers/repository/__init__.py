"""Between the tables and the domain: each module alone reads the queries of its name."""

from services.suppliers.repository import (
    categories,
    countries,
    duplicates,
    facts,
    figures,
    follow_ups,
    leverage,
    merging,
    registry,
    rule_sets,
    scores,
    waves,
)

__all__ = [
    "categories",
    "countries",
    "duplicates",
    "facts",
    "figures",
    "follow_ups",
    "leverage",
    "merging",
    "registry",
    "rule_sets",
    "scores",
    "waves",
]
