"""What the service does: load, decide, save, emit."""

from services.suppliers.usecases import (
    categories,
    countries,
    cpv,
    registry,
    risk,
    rule_sets,
    scoring,
    waves,
    whatif,
)

__all__ = ["categories", "countries", "cpv", "registry", "risk", "rule_sets", "scoring", "waves", "whatif"]
