"""Codes packaged with the service: of countries, counties and procurement.

Files rather than tables, because the seam must be able to name every wrong code of a body at once, before
there is a transaction.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent


def _rows(name: str) -> list[dict[str, str]]:
    with (_HERE / "reference" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Country(NamedTuple):
    """A country by ISO 3166-1, with its names."""

    iso2: str
    iso3: str
    sv: str
    en: str


BY_ISO2 = {
    row["iso2"]: Country(row["iso2"], row["iso3"], row["name_sv"], row["name_en"])
    for row in _rows("countries.csv")
}
# The registry speaks ISO 3166-1 alpha-2, the published indices alpha-3.
ISO2_BY_ISO3 = {each.iso3: each.iso2 for each in BY_ISO2.values()}
COUNTRIES = frozenset(ISO2_BY_ISO3.values())
REGIONS = frozenset(row["county_code"] for row in _rows("regions.csv"))


class Cpv(NamedTuple):
    """A code of the Common Procurement Vocabulary 2008 (8 digits), its labels, and the code above it."""

    code: str
    sv: str
    en: str
    parent: str | None


@cache
def cpv() -> dict[str, Cpv]:
    """Return the vocabulary by code, in its order."""
    return {
        row["code"]: Cpv(row["code"], row["sv"], row["en"], row["parent"] or None)
        for row in _rows("cpv_2008.csv")
    }
