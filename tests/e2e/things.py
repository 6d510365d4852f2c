"""What belongs to one supplier in every service, and who asks for it, in which role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis import access, clock
from tests.asking import ask
from tests.backbone import wait_until
from tests.e2e import people, scene
from tests.tokens import OURS

if TYPE_CHECKING:
    from chassis.http.endpoint import Endpoint

OWN_AREA, OTHER_AREA, OTHER_REGION = "C", "D", "12"
RULE_SET = "2026-1"
OTHER_CATEGORY = "e2e-andras"


@dataclass(frozen=True)
class Things:
    """One supplier's things: what stands in addresses about them."""

    values: dict[str, str]
    auditor: str

    def path(self, endpoint: Endpoint) -> str:
        return endpoint.route.format_map(self.values)


def made(chain: Any, category_id: str, area: str, regions: list[str]) -> Things:
    """Bring one supplier so far that it has an audit."""
    scene.put_category(chain, category_id, area)
    body = scene.supplier(category_id)
    body["contracts"][0]["regions"] = regions
    supplier = people.send(chain, "POST", "suppliers", "/suppliers", body).json()
    [case] = people.invite(chain, [supplier])
    people.under_review(chain, [case])
    assert people.complete(chain, case).status_code == 200
    [audit] = wait_until(
        lambda: chain.get("audits", "/audits", supplier_id=supplier["supplier_id"])["items"], 40
    )
    [notice, *_] = wait_until(
        lambda: chain.get("notifications", "/notices", supplier_id=supplier["supplier_id"])["items"], 40
    )
    year = scene.newest_values()["CPI"][0]
    scene.put_priority(chain, category_id, year)
    values = {
        "supplier_id": supplier["supplier_id"],
        "site_id": supplier["sites"][0]["site_id"],
        "contract_id": supplier["contracts"][0]["contract_id"],
        "category_id": category_id,
        "index": "CPI",
        "year": str(year),
        "country": "CN",
        "code": "33141420",
        "campaign_id": case.assessment["campaign_id"],
        "assessment_id": case.assessment["assessment_id"],
        "audit_id": audit["audit_id"],
        "auditor_id": scene.AUDITOR,
        "kind": "region",
        "recipient_id": scene.BUYERS[0],
        "notice_id": notice["notice_id"],
        "import_id": imported(chain, regions[0]),
        "duplicate_id": duplicated(chain, supplier),
        "name": RULE_SET,
        "wave_id": tried(chain),
        "follow_up_id": proposed(chain, category_id),
    }
    return Things(values, audit["auditor_id"])


def duplicated(chain: Any, supplier: dict[str, Any]) -> str:
    """A pair that a supplier is in, since another was registered under its name."""
    namesake = scene.supplier() | {"legal_name": supplier["legal_name"], "contracts": []}
    people.send(chain, "POST", "suppliers", "/suppliers", namesake)
    [pair] = chain.get("suppliers", "/duplicates", supplier_id=supplier["supplier_id"])["items"]
    return str(pair["duplicate_id"])


def tried(platform: Any) -> str:
    """A trial of the rule set that is in force: it changes nothing."""
    made = people.send(platform, "POST", "suppliers", f"/rule-sets/{RULE_SET}/trials", None)
    assert made.status_code == 202, made.text
    return str(made.json()["wave_id"])


def proposed(chain: Any, category_id: str) -> str:
    """A proposal of cases to follow up next year."""
    wanted = {"category_id": category_id, "year": clock.now().year + 1, "size": 1}
    answer = people.send(chain, "POST", "suppliers", "/follow-ups", wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["follow_up_id"])


def imported(chain: Any, region: str) -> str:
    """An import by a region's system, of a file without rows."""
    url = chain.url("suppliers", "/imports?kind=suppliers")
    headers = OURS.bearer("client", region=region) | {"Content-Type": "text/csv"}
    answer = ask("POST", url, data=b"region,own_number,legal_name\n", headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["import_id"])


def bearer(role: str, own: Things) -> dict[str, str | None]:
    """The header of somebody in that role to whom `own` belongs; nobody in particular sends none."""
    if role == access.PUBLIC:
        return {"Authorization": None}  # so that requests sends none
    claims = {"region": scene.BUYERS[0], "area": OWN_AREA, "auditor_id": own.auditor}
    limit = access.roles()[role].claim
    return OURS.bearer(role, **({limit: claims[limit]} if limit else {}))


def called(chain: Any, service: str, endpoint: Endpoint, things: Things, headers: dict[str, str]) -> Any:
    """Call an endpoint with a body that it refuses if it takes one: who gets a 422 was let in.

    (A session is looked up by the use case, after the body was read: there it is a good one.)
    """
    url = chain.base(service) + things.path(endpoint)
    nonsense = (
        getattr(endpoint.body, "example", None) if endpoint.scope == access.SESSION else {"nonsense": True}
    )
    body = nonsense if endpoint.body else None
    return ask(endpoint.method, url, json=body, headers={"If-Match": '"0-none"', **headers})
