"""What belongs to one supplier in every service, and who asks for it, in which role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis import access
from tests.asking import ask
from tests.backbone import wait_until
from tests.e2e import people, scene
from tests.tokens import OURS

if TYPE_CHECKING:
    from chassis.http.endpoint import Endpoint

OWN_AREA, OTHER_AREA, OTHER_REGION = "C", "D", "12"
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
    values = {
        "supplier_id": supplier["supplier_id"],
        "category_id": category_id,
        "index": "CPI",
        "year": str(scene.newest_values()["CPI"][0]),
        "campaign_id": case.assessment["campaign_id"],
        "assessment_id": case.assessment["assessment_id"],
        "audit_id": audit["audit_id"],
        "auditor_id": scene.AUDITOR,
        "kind": "region",
        "recipient_id": scene.BUYERS[0],
        "notice_id": notice["notice_id"],
        "import_id": imported(chain, regions[0]),
    }
    return Things(values, audit["auditor_id"])


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
