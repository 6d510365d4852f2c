"""What the chain stands on: real country values, a category, people's addresses, and one shape of supplier.

DOMAIN.md, worked out by hand for every supplier registered here (the values are the newest in data/):
    country    human_rights    CN 100 - 251.8110/6 = 58.0315, BD 100 - 136.9587/6 = 77.17355;
                               0.5 * 77.17355 + 0.5 * 67.602525 = 72.3880375
               workers_rights  both 5 -> 10: 90
               environment     CN 64.5, BD 72.2; 36.1 + 34.175 = 70.275
               business_ethics CN 57, BD 76; 38 + 33.25 = 71.25
    category   5*5*4 = 100 | 5*5*4 = 100 | 4*4*4 = 64 | 1*5*4 = 20
    inherent   86.19401875 | 95 | 67.1375 | 45.625, severity 5: 60
    score      0.5 * 95 + 0.5 * 308.33151875/4 = 47.5 + 38.54143984375 = 86.04…: very_high

The answers claim 14/16 in PR6, in human_rights 18/24 by a question more; every other cell is 0. The duties to
report (Q501, Q502) are in none. The review judges six cells: these count 0.7, the others 0.4.
    mitigation human_rights    (0.7 * 100 [PR1] + 0.7 * 50 [PR6]) / 700 = 0.15
               workers_rights  (0.7 * 50 [PR1] + 0.7 * 100 [PR3] + 0.4 * 87.5 [PR6]) / 700 = 0.20
               environment     (0.7 * 0 [PR1] + 0.4 * 87.5 [PR6]) / 700 = 0.05
               business_ethics (0.7 * 20 [PR3] + 0.4 * 87.5 [PR6]) / 700 = 0.07
    residual   86.19401875 * 0.91 = 78.4365570625 | 95 * 0.88 = 83.6
               67.1375 * 0.97 = 65.123375 | 60 * 0.958 = 57.48
    score      0.5 * 83.6 + 0.5 * 284.6399320625/4 = 41.8 + 35.5799915078125 = 77.37…: high, so row 7
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.backbone import wait_until

if TYPE_CHECKING:
    from tests.harness import Platform

DATA = Path(__file__).parents[2] / "data" / "country_indices.csv"
RANKS = [f"WGI_{name}_PCTRANK" for name in ("CC", "GE", "PV", "RL", "RQ", "VA")]
CATEGORY = "e2e-handskar"
BUYERS, BYSTANDER = ("09", "23"), "20"  # regions with a contract, and one without
AUDITOR = "019aa5d0-0b40-7fb3-9c53-3b4c5d6e7fe2"

ANSWERS = {"P06": "no", "P07": "no", "Q601": "3", "Q602": "4", "Q603": "partly", "Q501": "4", "Q502": "yes"}
CLAIMED = [*[[0.0] * 4] * 5, [75.0, 87.5, 87.5, 87.5], [0.0] * 4]
NOTHING: list[int | None] = [None] * 4
JUDGED = [
    [100, 50, 0, None],
    NOTHING,
    [None, 100, None, 20],
    NOTHING,
    NOTHING,
    [50, None, None, None],
    NOTHING,
]


def terms(*values: float) -> dict[str, Any]:
    names = ("country", "category", "inherent", "mitigation", "residual")
    return dict(zip(names, values, strict=True)) | {"partial": False}


AREAS = {
    "human_rights": terms(72.3880375, 100, 86.19401875, 0.15, 78.4365570625),
    "workers_rights": terms(90, 100, 95, 0.2, 83.6),
    "environment": terms(70.275, 64, 67.1375, 0.05, 65.123375),
    "business_ethics": terms(71.25, 20, 60, 0.07, 57.48),
}
SCORES = [(86.0, "very_high", None), (77.4, "high", "reviewed")]


def load(platform: Platform) -> None:
    """Bring in reference data, and the addresses of all who are not suppliers."""
    put_category(platform, CATEGORY)
    auditor = {"name": "Exempelrevisor E2E", "kinds": ["office"], "languages": ["sv"], "weekly_capacity": 50}
    put(platform, "audits", f"/auditors/{AUDITOR}", auditor)
    for region in (*BUYERS, BYSTANDER):
        put_recipient(platform, "region", region, f"Region {region}")
    put_recipient(platform, "national_office", "national_office", "Nationella kansliet")
    refresh(platform)


def refresh(platform: Platform) -> None:
    """Undo what other tests did to the chain: set the countries' values, and reach everyone bookable."""
    _load_values(platform)
    wait_until(lambda: not platform.get("suppliers", "/rescorings", running="true")["items"], 60)
    for auditor in platform.listed("audits", "/auditors"):
        put_recipient(platform, "auditor", auditor["auditor_id"], "Exempelrevisor E2E")


def _load_values(platform: Platform) -> None:
    for index, (year, values) in newest_values().items():
        put(platform, "suppliers", f"/country-indices/{index}/{year}", {"values": values})


def newest_values() -> dict[str, tuple[int, dict[str, str]]]:
    """Each index of the rule set -> its newest year, and that year's values by country."""
    years: dict[str, dict[int, dict[str, str]]] = {name: {} for name in (*RANKS, "ITUC_GRI", "EPI", "CPI")}
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["index"] in years:
                years[row["index"]].setdefault(int(row["year"]), {})[row["iso3"]] = row["value"]
    return {index: (max(found), found[max(found)]) for index, found in years.items()}


def put(platform: Platform, service: str, path: str, body: object) -> None:
    answer = platform.send("PUT", service, path, body)
    assert answer.status_code in {200, 201}, answer.text


def put_category(platform: Platform, category_id: str, area: str | None = None) -> None:
    grades = [(5, 5), (5, 5), (4, 4), (1, 5)]
    analysis = [
        {"likelihood": likelihood, "severity": severity, "valid_until": "2099-12-31"}
        for likelihood, severity in grades
    ]
    body = {"names": {"sv": "Handskar", "en": "Gloves"}, "analysis": analysis, "responsible_area": area}
    put(platform, "suppliers", f"/categories/{category_id}", body)


def put_priority(platform: Platform, category_id: str, year: int) -> None:
    decision = {"decided_by": "Styrgruppen", "decided_on": "2025-11-18"}
    put(platform, "suppliers", f"/categories/{category_id}/priorities/{year}", decision)


def put_recipient(platform: Platform, kind: str, name: str, title: str) -> None:
    body = {"name": title, "email": address(kind, name), "language": "sv"}
    put(platform, "notifications", f"/recipients/{kind}/{name}", body)


def address(kind: str, name: str) -> str:
    return f"{name}@{kind.replace('_', '-')}.example"


def supplier(category_id: str = CATEGORY) -> dict[str, Any]:
    """A supplier to register, with a word in its name that no other text has.

    The site of tier 2 and the one of another category count nowhere; the first contact hears nothing.
    """
    word = f"E2E-{uuid4().hex[:12]}"
    return {
        "legal_name": f"Exempelleverantör {word} AB",
        "country": "SE",
        "language": "sv",
        "contacts": [
            {"name": "Sam", "email": f"sam@{word}.example", "language": "sv", "role": "sales"},
            {"name": "Kim", "email": f"kim@{word}.example", "language": "sv", "role": "sustainability"},
        ],
        "sites": [
            {"name": "Verket", "tier": 0, "country": "CN", "category_ids": [category_id]},
            {"name": "Fabriken", "tier": 1, "country": "BD", "category_ids": [category_id]},
            {"name": "Gruvan", "tier": 2, "country": "MM", "category_ids": [category_id]},
            {"name": "Kontoret", "tier": 0, "country": "MM", "category_ids": []},
        ],
        "contracts": [
            {
                "category_id": category_id,
                "regions": list(BUYERS),
                "clause_level": "advanced",
                "clause_version": "2024",
                "starts_on": "2026-01-01",
                "ends_on": "2099-12-31",
                "value_ore": 1_000_000_00,
            }
        ],
    }
