"""Between the tables and the domain: each module alone reads the queries of its name."""

from services.suppliers.repository import (
    basis,
    categories,
    contracts,
    countries,
    duplicates,
    facts,
    figures,
    finding,
    follow_ups,
    leverage,
    merging,
    registry,
    rule_sets,
    scores,
    sites,
    waves,
)

__all__ = [
    "basis",
    "categories",
    "contracts",
    "countries",
    "duplicates",
    "facts",
    "figures",
    "finding",
    "follow_ups",
    "leverage",
    "merging",
    "registry",
    "rule_sets",
    "scores",
    "sites",
    "waves",
]
