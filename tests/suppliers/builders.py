"""Facts as the tests write them: their JSON form, from which the domain reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from services.suppliers import reference, rulebook
from services.suppliers.domain import Case, Kept, Previous, Score, cells, parse_facts, score
from services.suppliers.domain.case import NOTHING_KNOWN
from services.suppliers.domain.matrix import Cells

RULES = rulebook.rules("2026-1")
RULE_FILE = Path(reference.__file__).parent / "rules" / "2026-1.toml"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)

# China as published (WGI 2023, ITUC 2026, EPI 2024, CPI 2025).
# WGI: 54.2453 + 73.5849 + 25.1185 + 52.8302 + 38.6792 + 7.3529 = 251.8110; / 6 = 41.9685
# country risk: 100 - 41.9685 = 58.0315 | 100 - 10 = 90 | 100 - 35.5 = 64.5 | 100 - 43 = 57
CHINA = {
    "WGI_CC_PCTRANK": "54.2453",
    "WGI_GE_PCTRANK": "73.5849",
    "WGI_PV_PCTRANK": "25.1185",
    "WGI_RL_PCTRANK": "52.8302",
    "WGI_RQ_PCTRANK": "38.6792",
    "WGI_VA_PCTRANK": "7.3529",
    "ITUC_GRI": "5",
    "EPI": "35.5",
    "CPI": "43",
}
# A made-up country "QA": risks 40 | 30 | 20 | 10.
QA = {name: "60" for name in CHINA if name.startswith("WGI")} | {"ITUC_GRI": "2", "EPI": "80", "CPI": "90"}


def analysed(likelihood: int, severity: int, valid_until: str = "2030-12-31") -> dict[str, Any]:
    return {"likelihood": likelihood, "severity": severity, "valid_until": valid_until}


# category risk: 4*5*4 = 80 | 5*4*4 = 80 | 2*3*4 = 24 | 3*2*4 = 24
GLOVES = [analysed(4, 5), analysed(5, 4), analysed(2, 3), analysed(3, 2)]


def grid(value: str | None) -> list[list[str | None]]:
    return [[value] * 4 for _ in range(7)]


def judgement(claimed: str | None, judged: str | None = None, **changes: Any) -> dict[str, Any]:
    known = {
        "state": "completed",
        "stage": "self_declared" if judged is None else "reviewed",
        "claimed": grid(claimed),
        "judged": None if judged is None else grid(judged),
        "critical": [],
        "recommendation": "none",
        "completed_at": "2026-01-01T08:00:00+00:00",
        "valid_until": "2027-01-01T08:00:00+00:00",  # 365 days
    }
    return known | changes


def audit(
    audited: str | None, reported_at: str = "2026-01-01", valid_until: str = "2029-01-01"
) -> dict[str, Any]:
    times = {"reported_at": f"{reported_at}T00:00:00+00:00", "valid_until": f"{valid_until}T00:00:00+00:00"}
    return {"audited": grid(audited)} | times


def deviation(*areas: str, severe: bool = False, overdue: bool = False) -> dict[str, Any]:
    return {"areas": list(areas), "severe": severe, "overdue": overdue}


def inputs(countries: dict[str, dict[str, str]] | None = None, **changes: Any) -> dict[str, Any]:
    """A supplier with one site in China that has the category gloves; `changes` replaces facts."""
    countries = {"CN": CHINA} if countries is None else countries
    names = sorted({name for values in countries.values() for name in values})
    known: dict[str, Any] = {
        "sites": [{"tier": 0, "country": country} for country in countries],
        "indices": {name: {c: v[name] for c, v in countries.items() if name in v} for name in names},
        "analysis": GLOVES,
        "judgement": None,
        "audits": [],
        "deviations": [],
    }
    return known | changes


def scored(facts: dict[str, Any], as_of: datetime = NOW) -> Score:
    return score(parse_facts(facts), RULES, as_of)


def shown(facts: dict[str, Any], as_of: datetime = NOW) -> Cells | None:
    return cells(parse_facts(facts), RULES, as_of)


def case(number: int, facts: dict[str, Any], previous: Previous | None = None) -> Case:
    """A case with such facts, as the repository would give it."""
    known = {name: facts[name] for name in NOTHING_KNOWN}
    exposed = Kept(UUID(int=1), {name: each for name, each in facts.items() if name not in known}, "{}")
    own = None if known == NOTHING_KNOWN else Kept(UUID(int=2), known, "{}")
    return Case((UUID(int=number), "handskar"), exposed, own, None, previous)


def day(number: int) -> datetime:
    """The moment so many UTC days after the assessment was completed, late in the day."""
    return datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC) + timedelta(days=number)


NO_ANALYSIS = [None, None, None, None]
