"""Data packaged with the service: country codes, county codes and rule sets.

Files rather than tables, because the seam must be able to name every wrong code of a body at once, before
there is a transaction, and because a rule set changes with the code that reads it.
"""

from __future__ import annotations

import csv
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path

from services.suppliers.domain import Rules, parse_rules

_HERE = Path(__file__).parent

# The rule set that new scores are computed with; earlier ones stay, for the scores that name them.
ACTIVE_RULES = "2026-1"


def _rows(name: str) -> list[dict[str, str]]:
    with (_HERE / "reference" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# The registry speaks ISO 3166-1 alpha-2, the published indices alpha-3.
ISO2_BY_ISO3 = {row["iso3"]: row["iso2"] for row in _rows("countries.csv")}
COUNTRIES = frozenset(ISO2_BY_ISO3.values())
REGIONS = frozenset(row["county_code"] for row in _rows("regions.csv"))


@cache
def rules(name: str = ACTIVE_RULES) -> Rules:
    """Return a rule set by its name."""
    text = (_HERE / "rules" / f"{name}.toml").read_text(encoding="utf-8")
    return parse_rules(name, tomllib.loads(text, parse_float=Decimal))
