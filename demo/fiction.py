"""Fictive suppliers with real categories, regions and countries, and how each will answer; seeded."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from demo.reference import read

if TYPE_CHECKING:
    from demo.api import Platform

SUPPLIERS = 60
# How suppliers answer: the share of each manner; `silent` ones never do.
MANNERS = (
    ("good",) * 5 + ("mediocre",) * 5 + ("weak",) * 4 + ("alarming",) * 2 + ("open",) * 2 + ("silent",) * 2
)
# Countries where goods of these categories are made, and how often; some lack a complete set of indices.
COUNTRIES = {
    "SE": 1,
    "DE": 1,
    "PL": 1,
    "IT": 1,
    "US": 1,
    "TW": 1,
    "XK": 1,
    "MY": 1,
    "VN": 1,
    "TH": 1,
    "TR": 1,
}
COUNTRIES |= {"LK": 1, "CN": 3, "BD": 3, "PK": 3, "IN": 3, "KH": 2, "MM": 2}
_NAME = re.compile(r"Exempelleverantör (\d+)-\d{3} AB")


@dataclass(frozen=True, slots=True)
class Fictive:
    """A supplier to register, and the manner in which it will answer."""

    body: dict[str, Any]
    manner: str

    @property
    def address(self) -> str:
        """Return where its contact reads mail."""
        address: str = self.body["contacts"][0]["email"]
        return address


def next_run(platform: Platform) -> int:
    """Return the number of this run: one more than the highest in the registered suppliers' names."""
    names = (_NAME.fullmatch(item["legal_name"]) for item in platform.suppliers.items("/suppliers"))
    return 1 + max((int(match[1]) for match in names if match), default=0)


def suppliers(run: int) -> list[Fictive]:
    """Return the fictive suppliers of a run: the same for the same number, but for the dates."""
    chance = random.Random(f"kedja demo {run}")  # noqa: S311  a seeded spread, not a secret
    regions = [row["county_code"] for row in read("regions.csv")]
    categories = [row["id"] for row in read("risk_categories.csv")]
    return [_supplier(run, number, chance, regions, categories) for number in range(1, SUPPLIERS + 1)]


def _supplier(
    run: int, number: int, chance: random.Random, regions: list[str], categories: list[str]
) -> Fictive:
    category = categories[number % len(categories)]
    language = "en" if number % 4 == 0 else "sv"
    contact = {
        "name": f"Kontakt {number:03}",
        "email": f"hallbarhet@leverantor-{run}-{number:03}.example",
        "language": language,
        "role": "sustainability",
    }
    body = {
        "legal_name": f"Exempelleverantör {run}-{number:03} AB",
        "country": "SE",
        "language": language,
        "identifiers": {},
        "contacts": [contact],
        "sites": _sites(number, chance, category),
        "contracts": [_contract(number, chance, category, regions)],
    }
    return Fictive(body, MANNERS[number % len(MANNERS)])


def _sites(number: int, chance: random.Random, category: str) -> list[dict[str, Any]]:
    """One or two production sites; every thirtieth supplier has not said where its goods are made."""
    if number % 30 == 0:
        return []
    countries = chance.sample(list(COUNTRIES), 1 + number % 2, counts=list(COUNTRIES.values()))
    return [
        {
            "name": f"Exempelfabrik {number:03}-{tier}",
            "tier": tier,
            "country": country,
            "category_ids": [category],
        }
        for tier, country in enumerate(countries)
    ]


def _contract(number: int, chance: random.Random, category: str, regions: list[str]) -> dict[str, Any]:
    """Two to four years left, but every twelfth contract ends too soon for an audit to be worthwhile."""
    today = date.today()  # noqa: DTZ011  a contract's dates are days on a calendar
    days_left = 200 if number % 12 == 0 else chance.randint(730, 1460)
    return {
        "category_id": category,
        "regions": sorted(chance.sample(regions, chance.randint(1, 3))),
        "clause_level": "advanced",
        "clause_version": "2024",
        "starts_on": (today - timedelta(days=365)).isoformat(),
        "ends_on": (today + timedelta(days=days_left)).isoformat(),
        "value_ore": chance.randint(5, 900) * 100_000_00,
        "terms": {},
    }
