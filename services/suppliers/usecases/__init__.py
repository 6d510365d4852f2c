"""What the service does: load, decide, save, emit."""

from services.suppliers.usecases import categories, countries, registry, risk, scoring

__all__ = ["categories", "countries", "registry", "risk", "scoring"]
