"""Reference data into the services: real categories, indices and regions; fictive addresses and auditors."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from demo.api import Platform

DATA = Path(__file__).parent.parent / "data"
AREAS = ("human_rights", "workers_rights", "environment", "business_ethics")
_MODEL = ("WGI_CC", "WGI_GE", "WGI_PV", "WGI_RL", "WGI_RQ", "WGI_VA")
INDICES = (*(f"{name}_PCTRANK" for name in _MODEL), "ITUC_GRI", "EPI", "CPI")
_AUDITORS = 8


def read(name: str, folder: Path = DATA) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load(platform: Platform) -> None:
    """Bring in everything that the chain stands on; doing it again changes nothing."""
    _country_indices(platform)
    _categories(platform)
    _recipients(platform)
    _auditors(platform)


def _country_indices(platform: Platform) -> None:
    """Each index's newest year."""
    values: dict[str, dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for row in read("country_indices.csv"):
        values[row["index"]][int(row["year"])][row["iso3"]] = row["value"]
    for index in INDICES:
        year = max(values[index])
        platform.suppliers.put(f"/country-indices/{index}/{year}", {"values": values[index][year]})


def _categories(platform: Platform) -> None:
    """Real categories; their likelihood and severity are illustrative, not the regions' own analyses."""
    prefixes: dict[str, list[str]] = defaultdict(list)
    for row in read("risk_category_cpv.csv"):
        prefixes[row["category_id"]].append(row["cpv_code"])
    analyses = {row["category_id"]: row for row in read("category_analyses.csv", Path(__file__).parent)}
    # what others lie below comes first
    for row in sorted(read("risk_categories.csv"), key=lambda row: row["parent_id"]):
        category_id = row["id"]
        body = {
            "names": {"sv": row["name_sv"], "en": row["name_en"]},
            "parent_id": row["parent_id"] or None,
            "responsible_area": row["responsible_area"] or None,
            "cpv_prefixes": prefixes[category_id],
            "analysis": [_illustrative(analyses[category_id][area]) for area in AREAS],
        }
        platform.suppliers.put(f"/categories/{category_id}", body)


def _illustrative(text: str) -> dict[str, object]:
    likelihood, severity = text.split("x")
    return {"likelihood": int(likelihood), "severity": int(severity), "valid_until": "2029-12-31"}


def _recipients(platform: Platform) -> None:
    """The 21 regions and the national office, at addresses that lead nowhere."""
    for row in read("regions.csv"):
        email = f"hallbarhet@{row['web_domain'].removesuffix('.se')}.example"
        body = {"name": row["name"], "email": email, "language": "sv"}
        platform.notifications.put(f"/recipients/region/{row['county_code']}", body)
    body = {"name": "Nationella kansliet", "email": "kansliet@regionerna.example", "language": "sv"}
    platform.notifications.put("/recipients/national_office/national_office", body)


def _auditors(platform: Platform) -> None:
    for number in range(1, _AUDITORS + 1):
        auditor_id, name = uuid5(NAMESPACE_URL, f"kedja-demo-auditor-{number}"), f"Exempelrevisor {number}"
        body = {"name": name, "kinds": ["office", "factory"], "languages": ["sv", "en"], "weekly_capacity": 2}
        platform.audits.put(f"/auditors/{auditor_id}", body)
        address = {
            "name": name,
            "email": f"revisor{number}@revision.example",
            "language": "en" if number % 3 == 0 else "sv",
        }
        platform.notifications.put(f"/recipients/auditor/{auditor_id}", address)
