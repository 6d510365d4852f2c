"""What caches are told: nobody is shown what was another's, and who has something already keeps it."""

from __future__ import annotations

from functools import partial

import pytest
from werkzeug.wrappers import Response

from chassis.http import caching
from chassis.http.endpoint import Endpoint
from tests.chassis import seam
from tests.chassis.seam import KEY
from tests.tokens import OURS

NOBODY = {"Authorization": None}
OWN, ALL, NONE = "private, no-cache", "no-cache", "no-store"


@pytest.fixture
def send(platform, live_things):
    ask = partial(seam.send, platform)
    assert ask("POST", "/items", {"name": "a", "region": "01"}, {KEY: "first"}).status_code == 201
    return ask


def told(answer):
    return answer.headers["Cache-Control"], answer.headers.get("Vary")


@pytest.mark.parametrize("path", ["/items", "/items/a"])
def test_what_is_shown_to_one_caller_is_kept_by_its_own_cache_only_and_asked_for_again(send, path):
    for caller in ({}, OURS.bearer("region", region="01")):
        first = send("GET", path, None, caller)
        again = send("GET", path, None, {**caller, "If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)
        assert told(first) == told(again) == (OWN, "Accept, Authorization")
        assert again.headers["ETag"] == first.headers["ETag"]


def test_what_is_public_may_be_kept_by_all_that_ask_again(send):
    first = send("GET", "/openapi.json", None, NOBODY)
    again = send("GET", "/openapi.json", None, {**NOBODY, "If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert told(first) == told(again) == (ALL, "Accept")
    page = send("GET", "/docs", None, NOBODY)
    assert (page.status_code, told(page)) == (200, (NONE, "Accept"))


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (404, ("GET", "/items/absent")),
        (403, ("GET", "/items", None, OURS.bearer("operations"))),
        (422, ("GET", "/items?limit=0")),
        (406, ("GET", "/items/a", None, {"Accept": "image/png"})),
        (200, ("GET", "/items", None, {"Accept": "text/csv"})),
        (201, ("POST", "/items", {"name": "b"}, {KEY: "k"})),
        (201, ("POST", "/items", {"name": "a", "region": "01"}, {KEY: "first"})),
        (200, ("PUT", "/items/a", {"note": "x"}, {"If-Match": "*"})),
    ],
)
def test_refusals_tables_and_changes_are_kept_by_nobody(send, status, request_):
    answer = send(*request_)
    assert answer.status_code == status
    assert told(answer) == (NONE, "Accept, Authorization")


@pytest.mark.parametrize(
    ("scope", "html", "kept"),
    [
        ("suppliers:read", False, OWN),
        ("public", False, ALL),
        ("session", False, None),
        ("public", True, None),
    ],
)
def test_what_a_respondent_is_shown_and_pages_are_kept_by_nobody(scope, html, kept):
    answer = Response("x", headers={"ETag": '"1"'})
    caching.allow(Endpoint(method="GET", route="/x", scope=scope, html=html), answer)
    assert answer.headers.get("Cache-Control") == kept
