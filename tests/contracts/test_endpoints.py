"""What each endpoint of each service declares: who may call it, in words of access.toml, and what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import requests

import tests.chassis.extra  # noqa: F401  makes services.things importable
from chassis import access
from chassis.entrypoints import endpoints, http
from chassis.http.endpoint import CHANGING
from chassis.installed import installed

if TYPE_CHECKING:
    from chassis.http.endpoint import Endpoint

ENDPOINTS = [
    pytest.param(name, each, id=f"{each.method} {each.route}")
    for name, entry in sorted(installed().items())
    for each in endpoints(entry.load())
]
each_endpoint = pytest.mark.parametrize(("service", "endpoint"), ENDPOINTS)

# All that answers somebody without a token. Opening one more is a decision: it is written down here.
OPEN = {
    ("GET", "/api/v1/assessments/questionnaire"): "public",
    ("GET", "/api/v1/assessments/respond"): "public",
    ("POST", "/api/v1/assessments/sessions"): "public",
    ("GET", "/api/v1/assessments/respondent/assessment"): "session",
    ("PUT", "/api/v1/assessments/respondent/answers"): "session",
    ("POST", "/api/v1/assessments/respondent/submission"): "session",
    # what each service says of itself
    **{
        ("GET", f"/api/v1/{service}/{page}"): "public"
        for service in installed()
        for page in ("docs", "openapi.json")
    },
}

# What is only read, though by POST: the question is too long for an address
ASKED_IN_A_BODY = {("POST", "/api/v1/suppliers/suppliers/lookup")}


def test_every_service_has_endpoints() -> None:
    assert {param.values[0] for param in ENDPOINTS} == {"suppliers", "assessments", "audits", "notifications"}
    assert len(ENDPOINTS) > 30


@each_endpoint
def test_an_endpoint_says_in_a_sentence_what_it_is_for(service: str, endpoint: Endpoint) -> None:
    first, *_ = endpoint.summary.splitlines() or [""]
    assert first.endswith(".")
    assert len(first.split()) >= 3
    assert endpoint.route.startswith(f"/api/v1/{service}/")


@each_endpoint
def test_an_endpoint_demands_a_scope_that_there_is_and_somebody_holds(
    service: str, endpoint: Endpoint
) -> None:
    if endpoint.scope in {access.PUBLIC, access.SESSION}:
        return
    assert endpoint.scope in access.access().scopes
    assert [name for name, role in access.roles().items() if endpoint.scope in role.scopes]


def test_exactly_the_endpoints_that_are_named_here_are_open() -> None:
    each = [param.values[1] for param in ENDPOINTS]
    without = {(e.method, e.route): e.scope for e in each if e.scope in {access.PUBLIC, access.SESSION}}
    assert without == OPEN


def test_an_endpoint_can_not_be_declared_without_saying_who_may_call_it() -> None:
    with pytest.raises(TypeError, match="scope"):
        http("GET", "/open")(lambda *_: None)


@each_endpoint
def test_reading_needs_a_right_to_read_and_changing_a_right_to_change(
    service: str, endpoint: Endpoint
) -> None:
    """No change hides behind a scope that is given to readers."""
    _, _, right = endpoint.scope.partition(":")
    reads = endpoint.method == "GET" or (endpoint.method, endpoint.route) in ASKED_IN_A_BODY
    assert (right == "read") <= reads <= (right in {"read", ""})


@each_endpoint
def test_a_change_of_something_that_is_kept_is_conditional(service: str, endpoint: Endpoint) -> None:
    """PUT, PATCH and DELETE say which version they change; a respondent's form has one writer."""
    is_form = endpoint.scope == access.SESSION
    assert endpoint.conditional == (endpoint.method in CHANGING and not is_form)
    if endpoint.conditional:
        names = {
            (param.values[1].method, param.values[1].route)
            for param in ENDPOINTS
            if param.values[1].versioned
        }
        assert ("GET", endpoint.route) in names  # where the version is read


@each_endpoint
def test_what_is_versioned_shows_its_version_and_what_is_made_where_it_is(
    service: str, endpoint: Endpoint
) -> None:
    shown: dict[str, Any] = endpoint.returns().fields if endpoint.returns else {}
    if endpoint.versioned and endpoint.method != "DELETE":
        assert "version" in shown
    if endpoint.creates:
        assert endpoint.location
        routes = {param.values[1].route for param in ENDPOINTS if param.values[1].method == "GET"}
        assert endpoint.location in routes
    if endpoint.item:
        assert endpoint.pages


@each_endpoint
def test_a_list_is_kept_in_order_by_what_its_items_show(service: str, endpoint: Endpoint) -> None:
    if endpoint.pages and endpoint.item:
        assert endpoint.pages.key
        assert set(endpoint.pages.sorts) <= set(endpoint.item().fields)


@each_endpoint
def test_nobody_gets_an_answer_without_a_token_but_where_it_is_open(
    platform: Any, service: str, endpoint: Endpoint
) -> None:
    """Over HTTP, as it runs: what is declared is also what happens."""
    path = endpoint.route
    for name in ("supplier", "audit", "auditor", "campaign", "assessment", "notice", "import"):
        path = path.replace(f"{{{name}_id}}", str(UUID(int=1)))
    path = path.replace("{year}", "2025")
    answer = requests.request(endpoint.method, platform.base(service) + path, timeout=20)
    if endpoint.scope == access.PUBLIC:
        assert answer.status_code in {200, 415}
        return
    assert answer.status_code == 401, answer.text
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_regions_system_may_what_its_region_may_and_a_coordinator_all_but_to_import() -> None:
    """As docs/decisions/0009 reads the table of who may do what."""
    scopes = {name: role.scopes for name, role in access.roles().items()}
    assert scopes["client"] == scopes["region"]
    assert scopes["region"] - scopes["area_coordinator"] == {"imports:read", "imports:write"}
    assert scopes["area_coordinator"] < scopes["region"] < scopes["national_office"]
    assert scopes["auditor"] == {"categories:read", "audits:read"}
    assert scopes["operations"] == scopes["public"] == frozenset()
