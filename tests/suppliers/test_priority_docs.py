"""docs/priority.md, computed again."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from services.suppliers import rulebook
from services.suppliers.domain import priority
from services.suppliers.domain.priority import HINDRANCES, Contract

PAGE = Path("docs/priority.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("## A worked example")[1].split("## ")[0]
RULES = rulebook.priority_rules()


def found(pattern: str) -> str:
    match = re.search(pattern, EXAMPLE)
    assert match, pattern
    return match[1]


def test_the_worked_example_is_what_is_computed():
    rows = re.findall(r"^\| (\d+) \| ([\d-]+) \| ([\d-]+) \| (\d+) \| (\d+) \|$", EXAMPLE, re.MULTILINE)
    assert len(rows) == 2
    contracts = []
    for value, first, last, days, yearly in rows:
        span = [date.fromisoformat(day) for day in (first, last)]
        contract = Contract(UUID(int=1), ["01"], int(value) * 100, "SEK", span[0], span[1], advanced=True)
        assert (span[1] - span[0]).days + 1 == int(days)
        assert priority.ore_a_year(contract, RULES) == int(yearly)
        contracts.append(contract)
    of = priority.leverage(contracts, RULES, date.fromisoformat(found(r"Day that counts: ([\d-]+)")))
    assert of is not None
    assert of.days_left == int(found(r"are (\d+) days"))
    assert of.spend_ore == int(found(r"`spend_msek`: ([\d,]+)").replace(",", ""))
    terms = priority.priority(Decimal(found(r"Score: ([\d.]+\d)")), of, RULES)
    assert f"→ {terms.spend_msek}\n" in EXAMPLE
    assert f"→ {terms.years_left}\n" in EXAMPLE
    assert f"`{priority.arithmetic(terms)}`" in EXAMPLE


def test_the_page_names_every_hindrance_and_every_factor():
    named = re.findall(r"^\| `(\w+)` \| ", PAGE.split("## What hinders")[1].split("## ")[0], re.MULTILINE)
    assert tuple(named) == HINDRANCES
    words = ", ".join(f"{factor} from {least}" for least, factor in RULES.worth[1:-1])
    assert f"1 from 3 years on, {words}, else {RULES.worth[-1][1]}" in PAGE
    assert f"at most {RULES.most_years}" in PAGE
    assert f"less than {RULES.recent_days} days" in PAGE
