"""Between the tables and the domain: each module alone reads the queries of its name."""

from services.suppliers.repository import categories, countries, registry, scores

__all__ = ["categories", "countries", "registry", "scores"]
