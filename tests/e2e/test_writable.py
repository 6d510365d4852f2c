"""What may be written is what a body declares: all else of an answer is refused, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chassis import access
from chassis.entrypoints import endpoints
from chassis.installed import installed
from tests.asking import ask
from tests.e2e.things import bearer, called

if TYPE_CHECKING:
    from chassis.http.endpoint import Endpoint

DECLARED = [(name, endpoint) for name, entry in installed().items() for endpoint in endpoints(entry.load())]
CHANGES = [(name, each) for name, each in DECLARED if each.method == "PUT" and each.versioned]
MAKES = [(name, each) for name, each in DECLARED if each.keyed and isinstance(each.body, type)]
WRITERS = {
    scope: [name for name, role in access.roles().items() if scope in role.scopes]
    for scope in access.access().scopes
}


# Why something is written is no part of it
UNSHOWN = {"reason"}


def named(pairs: list[tuple[str, Endpoint]]) -> list[Any]:
    return [
        pytest.param(service, endpoint, role, id=f"{endpoint.method} {endpoint.route} as {role}")
        for service, endpoint in pairs
        for role in WRITERS[endpoint.scope]
    ]


def fields_of(schema: Any) -> set[str]:
    return {field.data_key or name for name, field in schema().fields.items()}


def test_there_are_changes_and_makes_to_try():
    assert len(CHANGES) >= 5
    assert len(MAKES) >= 2


@pytest.mark.parametrize(("service", "endpoint", "role"), named(CHANGES))
def test_what_is_shown_and_not_declared_is_refused_by_name_and_what_is_sent_back_changes_nothing(
    chain, own, service, endpoint, role
):
    url, headers = chain.base(service) + own.path(endpoint), bearer(role, own)
    before = ask("GET", url, headers=headers)
    assert before.status_code == 200
    shown, writable = before.json(), fields_of(endpoint.body)
    whole = ask("PUT", url, json=shown, headers=headers | {"If-Match": before.headers["ETag"]})
    foreign = set(shown) - writable
    assert foreign, "an item shows at least its version"
    assert whole.status_code == 422
    assert {f"/{name}" for name in foreign} <= {fault["pointer"] for fault in whole.json()["errors"]}

    own_part = {name: shown[name] for name in writable if name in shown}
    if set(own_part) == writable - UNSHOWN:  # else the body holds more than the view shows (a year's values)
        kept = ask("PUT", url, json=own_part, headers=headers | {"If-Match": before.headers["ETag"]})
        assert (kept.status_code, kept.headers["ETag"]) == (200, before.headers["ETag"])
    after = ask("GET", url, headers=headers)
    assert (after.json(), after.headers["ETag"]) == (shown, before.headers["ETag"])


@pytest.mark.parametrize(("service", "endpoint", "role"), named(MAKES))
def test_nobody_chooses_what_the_service_decides_of_a_new_thing(chain, own, service, endpoint, role):
    decided = sorted(fields_of(endpoint.returns) - fields_of(endpoint.body))
    assert decided, "a new thing has at least an id"
    body = {**endpoint.body.example, **dict.fromkeys(decided, "chosen")}
    answer = ask("POST", chain.base(service) + own.path(endpoint), json=body, headers=bearer(role, own))
    assert answer.status_code == 422
    assert {f"/{name}" for name in decided} <= {fault["pointer"] for fault in answer.json()["errors"]}


@pytest.mark.parametrize(("service", "endpoint", "role"), named(CHANGES))
def test_a_condition_that_has_passed_refuses_whoever_may_write(chain, own, service, endpoint, role):
    assert called(chain, service, endpoint, own, bearer(role, own)).status_code in {412, 422}
