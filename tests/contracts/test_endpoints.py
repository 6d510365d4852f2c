"""What each endpoint of each service declares: who may call it, in words of access.toml, and what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import requests
from marshmallow import fields

import tests.chassis.extra  # noqa: F401  makes services.things importable
from chassis import access
from chassis.entrypoints import endpoints, http
from chassis.fields import Day, Id, List
from chassis.http.endpoint import CHANGING
from chassis.installed import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    ("GET", "/api/v1/suppliers/figures/{year}"): "public",
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
ASKED_IN_A_BODY = {
    ("POST", "/api/v1/suppliers/suppliers/lookup"),
    ("POST", "/api/v1/suppliers/suppliers/{supplier_id}/risk/what-if"),
}
# An import that runs is another one every second: who stops it means it however far it is, and loses nothing.
# A pair of suppliers is decided once: a second decision, whatever has become of it, is a Conflict.
WHATEVER_IT_IS_BY_NOW = {
    ("DELETE", "/api/v1/suppliers/imports/{import_id}"),
    ("POST", "/api/v1/suppliers/duplicates/{duplicate_id}/rejection"),
    ("POST", "/api/v1/suppliers/duplicates/{duplicate_id}/confirmation"),
}


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
    """PUT, PATCH and DELETE say which version they change; a respondent's form has one writer.

    So does a POST that makes nothing new and answers with what has a version.
    """
    is_form = endpoint.scope == access.SESSION
    whatever = is_form or (endpoint.method, endpoint.route) in WHATEVER_IT_IS_BY_NOW
    shown = {
        param.values[1].route: param.values[1].returns
        for param in ENDPOINTS
        if param.values[1].method == "GET" and param.values[1].versioned
    }
    posts = endpoint.method == "POST" and not endpoint.creates and endpoint.returns in shown.values()
    assert endpoint.conditional == ((endpoint.method in CHANGING or posts) and not whatever)
    if endpoint.conditional:  # the version is read there, or of what the address is below
        assert any(endpoint.route == route or endpoint.route.startswith(f"{route}/") for route in shown)


@each_endpoint
def test_what_is_versioned_shows_its_version_and_what_is_made_where_it_is(
    service: str, endpoint: Endpoint
) -> None:
    shown: dict[str, Any] = endpoint.returns().fields if endpoint.returns else {}
    if endpoint.versioned and endpoint.method != "DELETE":
        assert "version" in shown
    if endpoint.keyed:
        assert endpoint.location
        routes = {param.values[1].route for param in ENDPOINTS if param.values[1].method == "GET"}
        assert endpoint.location in routes
    if endpoint.item:
        assert endpoint.pages or endpoint.follows == "since"


@each_endpoint
def test_a_body_is_as_strict_as_its_description(service: str, endpoint: Endpoint) -> None:
    """marshmallow's own fields take more forms of a date, a UUID or a whole number than are documented."""
    lax = {
        at: type(field).__name__
        for at, field in (fields_of(endpoint.body()) if isinstance(endpoint.body, type) else ())
        if (isinstance(field, fields.Date) and not isinstance(field, Day))
        or (isinstance(field, fields.UUID) and not isinstance(field, Id))
        or (isinstance(field, fields.Integer) and not field.strict)
        or isinstance(field, fields.Boolean)
    }
    assert lax == {}


def fields_of(schema: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Give every field that a schema loads, by where it is."""
    for name, field in schema.load_fields.items():
        yield from fields_in(field, f"{at}/{name}")


def fields_in(field: Any, at: str) -> Iterator[tuple[str, Any]]:
    yield at, field
    if isinstance(field, fields.List):
        yield from fields_in(field.inner, at)
    elif isinstance(field, fields.Nested):
        yield from fields_of(field.schema, at)
    elif isinstance(field, fields.Mapping) and field.value_field:
        yield from fields_in(field.value_field, at)


@each_endpoint
def test_every_list_that_is_sent_has_a_greatest_length(service: str, endpoint: Endpoint) -> None:
    sent = [schema for schema in (endpoint.body, endpoint.query) if isinstance(schema, type)]
    every = [each for schema in sent for each in fields_of(schema())]
    lists = {
        at: field
        for at, field in every
        if isinstance(field, fields.List) or (isinstance(field, fields.Nested) and field.many)
    }
    assert [at for at, field in lists.items() if not isinstance(field, List)] == []
    assert all(field.most <= 2000 for field in lists.values())


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
    for name in (
        "supplier",
        "audit",
        "auditor",
        "campaign",
        "assessment",
        "notice",
        "import",
        "duplicate",
        "site",
        "contract",
        "wave",
        "follow_up",
    ):
        path = path.replace(f"{{{name}_id}}", str(UUID(int=1)))
    path = path.replace("{year}", "2025").replace("{kind}", "region")
    answer = requests.request(endpoint.method, platform.base(service) + path, timeout=20)
    if endpoint.scope == access.PUBLIC:
        assert answer.status_code in {200, 404, 415}  # 404: of that year nothing is published
        return
    assert answer.status_code == 401, answer.text
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_regions_system_may_what_its_region_may_and_a_coordinator_all_but_to_import() -> None:
    """As docs/decisions/0009 reads the table of who may do what."""
    scopes = {name: role.scopes for name, role in access.roles().items()}
    assert scopes["client"] == scopes["region"]
    assert scopes["region"] - scopes["area_coordinator"] == {"imports:read", "imports:write"}
    assert scopes["area_coordinator"] - scopes["region"] == {"follow-ups:read", "follow-ups:write"}
    assert scopes["area_coordinator"] | scopes["region"] < scopes["national_office"]
    assert scopes["auditor"] == {"categories:read", "audits:read"}
    assert scopes["operations"] == scopes["public"] == frozenset()
