"""Who may do what, asked of the running services: every endpoint, as every role, on own and others' things.

The matrix is made of the declarations and access.toml: an endpoint that nobody has thought of fails here.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg2
import pytest

from chassis import access
from chassis.entrypoints import endpoints
from chassis.installed import installed
from tests.asking import ask
from tests.e2e import scene
from tests.e2e.things import OTHER_REGION, OWN_AREA, Things, bearer, called
from tests.tokens import OFFICE, OURS

if TYPE_CHECKING:
    from chassis.http.endpoint import Endpoint

SERVICES = {name: entry.load() for name, entry in installed().items()}
ENDPOINTS = [(name, endpoint) for name, service in SERVICES.items() for endpoint in endpoints(service)]
IDS = [f"{endpoint.method} {endpoint.route}" for _, endpoint in ENDPOINTS]
ROLES = sorted(access.roles())


def expected(endpoint: Endpoint, role: str) -> set[int]:
    """The refusals that a role must meet; none: it is let in."""
    if endpoint.scope == access.SESSION:
        return {401}
    if endpoint.scope == access.PUBLIC or endpoint.scope in access.roles()[role].scopes:
        return set()
    return {401} if role == access.PUBLIC else {403}


@pytest.mark.parametrize(("service", "endpoint"), ENDPOINTS, ids=IDS)
def test_every_endpoint_says_who_may_call_it(service, endpoint):
    assert endpoint.scope in {access.PUBLIC, access.SESSION, *access.access().scopes}
    assert endpoint.summary


def test_every_scope_is_demanded_somewhere_and_somebody_holds_it():
    demanded = {endpoint.scope for _, endpoint in ENDPOINTS} - {access.PUBLIC, access.SESSION}
    assert demanded == set(access.access().scopes)
    assert demanded == {scope for role in access.roles().values() for scope in role.scopes}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("service", "endpoint"), ENDPOINTS, ids=IDS)
def test_each_role_is_let_in_or_refused_as_it_is_declared(chain, own, service, endpoint, role):
    refusals = expected(endpoint, role)
    answer = called(chain, service, endpoint, own, bearer(role, own))
    if refusals:
        assert answer.status_code in refusals, answer.text
    else:
        # what is not there (an import that nobody made) is 404 for those who may look, too
        assert answer.status_code not in {401, 403, 405}, answer.text
        assert answer.status_code < 500


LIMITED = [role for role in ROLES if access.roles()[role].claim]


def let_in(found: list[tuple[str, Endpoint]]) -> list[Any]:
    """Each endpoint with each limited role that may call it: the others are refused whatever they ask for."""
    return [
        pytest.param(service, endpoint, role, id=f"{endpoint.method} {endpoint.route} {role}")
        for service, endpoint in found
        for role in LIMITED
        if not expected(endpoint, role)
    ]


OWNED = let_in([(service, endpoint) for service, endpoint in ENDPOINTS if endpoint.owner])


def test_every_limited_role_reaches_something_of_its_own():
    assert {parameter.values[2] for parameter in OWNED} == set(LIMITED)


@pytest.mark.parametrize(("service", "endpoint", "role"), OWNED)
def test_what_is_others_looks_like_what_is_not_there(chain, own, other, service, endpoint, role):
    same = {"X-Correlation-ID": "the-same"}
    headers = bearer(role, own) | same
    # both audits may be one auditor's: there it is somebody else who asks
    stranger = bearer(role, Things({}, str(uuid4()))) | same if role == "auditor" else headers
    nothing = Things(
        own.values
        | dict.fromkeys(
            ("audit_id", "assessment_id", "supplier_id", "import_id", "follow_up_id"), str(uuid4())
        ),
        "",
    )
    theirs = called(chain, service, endpoint, other, stranger)
    absent = called(chain, service, endpoint, nothing, headers)
    ours = called(chain, service, endpoint, own, headers)
    assert (theirs.status_code, absent.status_code, ours.status_code) == (404, 404, 200)
    assert theirs.content == absent.content
    assert told(theirs) == told(absent)


def told(answer: Any) -> dict[str, str]:
    """What headers tell, time and the caller's own rate aside."""
    return {name: value for name, value in answer.headers.lower_items() if name not in {"ratelimit", "date"}}


# What of a thing stands in a list, by service and the list's last word
LISTS = {
    ("assessments", "assessments"): "assessment_id",
    ("audits", "audits"): "audit_id",
    ("audits", "cases"): "supplier_id",
    ("suppliers", "follow-ups"): "follow_up_id",
}
LISTED = let_in(
    [
        (service, endpoint)
        for service, endpoint in ENDPOINTS
        if endpoint.pages and (service, endpoint.route.rpartition("/")[2]) in LISTS
    ]
)


def test_every_list_is_read_by_some_limited_role():
    read = [parameter.values[:2] for parameter in LISTED]
    assert {(service, endpoint.route.rpartition("/")[2]) for service, endpoint in read} == set(LISTS)


@pytest.mark.parametrize(("service", "endpoint", "role"), LISTED)
def test_lists_and_their_exports_hold_ones_own_and_nothing_else(chain, own, other, service, endpoint, role):
    key = LISTS[service, endpoint.route.rpartition("/")[2]]
    url, headers = chain.base(service) + endpoint.route, bearer(role, own)
    if role == "auditor" and own.auditor == other.auditor:
        assert (
            other.values[key]
            not in ask("GET", url, params={"limit": 500}, headers=bearer(role, Things({}, str(uuid4())))).text
        )
        return
    for accept in ("application/json", "application/x-ndjson"):
        text = ask("GET", url, params={"limit": 500}, headers=headers | {"Accept": accept}).text
        assert own.values[key] in text
        assert other.values[key] not in text


@pytest.mark.parametrize("role", ["region", "client", "area_coordinator"])
def test_risk_and_changes_are_ones_own(chain, own, other, role):
    headers = bearer(role, own)
    risks = {
        name: ask(
            "GET", chain.url("suppliers", f"/suppliers/{things.values['supplier_id']}/risk"), headers=headers
        ).json()["cases"]
        for name, things in (("own", own), ("other", other))
    }
    assert [case["category_id"] for case in risks["own"]] == [scene.CATEGORY]
    assert risks["other"] == []
    told = seen(chain.url("audits", "/changes"), headers)
    assert {("audit", own.values["audit_id"])} <= told
    assert ("audit", other.values["audit_id"]) not in told


# Who asks with the right to follow changes and, of all others, only this one
FOLLOWERS = [
    pytest.param(service, role, scope, id=f"{service} {role} {scope}")
    for service, declared in SERVICES.items()
    for role in ROLES
    if "changes:read" in access.roles()[role].scopes
    for scope in sorted({each.scope for each in declared.resources.values()} | {"changes:read"})
]


@pytest.mark.parametrize(("service", "role", "scope"), FOLLOWERS)
def test_changes_tell_of_what_a_callers_scopes_read_and_of_nothing_else(chain, own, service, role, scope):
    holds = f"changes:read {scope}"
    limit = access.roles()[role].claim
    claims = {limit: {"region": scene.BUYERS[0], "area": OWN_AREA}[limit]} if limit else {}
    told = {
        resource for resource, _ in seen(chain.url(service, "/changes"), OURS.bearer(role, holds, **claims))
    }
    granted = {scope} & access.roles()[role].scopes
    readable = {name for name, each in SERVICES[service].resources.items() if each.scope in granted}
    assert told <= readable
    if role == "national_office":
        assert told == readable & {resource for resource, _ in seen(chain.url(service, "/changes"), OFFICE)}
    for name, each in SERVICES[service].resources.items():
        answer = ask(
            "GET",
            chain.url(service, f"/changes?resource={name}"),
            headers=OURS.bearer(role, holds, **claims),
        )
        assert answer.status_code == (200 if each.scope in granted else 403), (name, answer.text)


@pytest.mark.parametrize("service", SERVICES)
def test_each_kind_of_thing_that_is_written_has_a_scope_that_reads_it(chain, own, service):
    """What is written under a name that is not declared would be told to nobody."""
    declared = SERVICES[service].resources
    scopes = {endpoint.scope for name, endpoint in ENDPOINTS if name == service and endpoint.method == "GET"}
    assert {each.scope for each in declared.values()} <= scopes
    with psycopg2.connect(chain.env[service]["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT resource FROM changes UNION SELECT resource FROM audit_trail")
        written = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "SELECT DISTINCT resource FROM changes WHERE owners IS NULL AND resource = ANY(%s)",
            [[name for name, each in declared.items() if each.owned]],
        )
        ownerless = cursor.fetchall()
    assert written
    assert written <= set(declared)
    assert ownerless == []


@pytest.mark.parametrize(
    ("service", "path"), [(service, path) for service in SERVICES for path in ("/changes", "/audit-trail")]
)
def test_a_kind_of_thing_that_there_is_not_is_refused(chain, service, path):
    answer = ask("GET", chain.url(service, f"{path}?resource=nope"), headers=OFFICE)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["?resource"]


@pytest.mark.parametrize("path", ["/changes", "/audit-trail"])
def test_a_feed_is_a_table_too(chain, own, path):
    url = chain.url("notifications", path)
    shown = ask("GET", url, params={"limit": 500}, headers=OFFICE).json()["items"]
    lines = ask("GET", url, headers={**OFFICE, "Accept": "application/x-ndjson"}).text.splitlines()
    assert shown
    assert [json.loads(line) for line in lines][: len(shown)] == shown
    table = ask("GET", url, headers={**OFFICE, "Accept": "text/csv"})
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(list(csv.reader(io.StringIO(table.text)))) >= len(shown) + 1
    last = ask("GET", url, params={"since": "0-99999999"}, headers=OFFICE)
    assert last.status_code == 409


def seen(url: str, headers: dict[str, str]) -> set[tuple[str, str]]:
    """Everything that a feed tells of, to its present end."""
    told, since = set(), "0"
    while True:
        page = ask("GET", url, params={"since": since, "limit": 500}, headers=headers).json()
        told |= {(item["resource"], item["id"]) for item in page["items"]}
        if page["next"] == since:
            return told
        since = page["next"]


def test_a_region_registers_contracts_of_its_own_only_and_changes_suppliers_it_buys_from(chain, own, other):
    headers = OURS.bearer("region", region=scene.BUYERS[0])
    body = scene.supplier()
    assert ask("POST", chain.url("suppliers", "/suppliers"), json=body, headers=headers).status_code == 201
    body["contracts"][0]["regions"] = [OTHER_REGION]
    assert ask("POST", chain.url("suppliers", "/suppliers"), json=body, headers=headers).status_code == 403
    for things, status in ((own, 200), (other, 403)):
        url = chain.url("suppliers", f"/suppliers/{things.values['supplier_id']}")
        view = ask("GET", url, headers=headers).json()
        change = {
            name: view[name] for name in ("legal_name", "country", "language", "identifiers", "contacts")
        }
        change |= {"language": "en", "contacts": view["contacts"] or []}  # of others' they are not shown
        assert ask("PUT", url, json=change, headers=headers | {"If-Match": "*"}).status_code == status
