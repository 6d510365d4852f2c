"""What a service says of itself, and of what it is about to take away."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import requests

from chassis import shields
from chassis.entrypoints import endpoints
from chassis.http import openapi
from chassis.http.deprecation import Deprecation
from services.things.service import ThingsService
from tests.asking import ask

if TYPE_CHECKING:
    from tests.harness import Platform

PAGES = ("openapi.json", "docs")
ENDS = {
    "Deprecation": "@1793491200",
    "Sunset": "Mon, 01 Nov 2027 00:00:00 GMT",
    "Link": '</api/v1/things/docs#get_old_things>; rel="deprecation"; type="text/html"',
}


def read(platform: Platform, page: str, **headers: str) -> requests.Response:
    """Ask as somebody without a token."""
    return requests.get(platform.url("things", f"/{page}"), headers=headers, timeout=20)


def document() -> dict[str, Any]:
    return openapi.document({"things": ThingsService}, {"things": endpoints(ThingsService)})


def test_a_service_that_declares_nothing_of_the_kind_describes_itself(platform: Platform) -> None:
    assert read(platform, "openapi.json").json() == document()
    page = read(platform, "docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"] == shields.policy(page.text)
    assert "script-src 'none'" in page.headers["Content-Security-Policy"]
    for endpoint in endpoints(ThingsService):
        assert f'id="{endpoint.name}"' in page.text


@pytest.mark.parametrize("page", PAGES)
def test_who_has_the_description_already_is_told_so(platform: Platform, page: str) -> None:
    etag = read(platform, page).headers["ETag"]
    again = read(platform, page, **{"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert read(platform, page, **{"If-None-Match": 'W/"another"'}).status_code == 200


@pytest.mark.parametrize("path", ["/old-things", "/old-things?limit=0"])
def test_what_is_deprecated_says_so_in_every_answer_in_a_refusal_too(platform: Platform, path: str) -> None:
    answer = ask("GET", platform.url("things", path))
    assert answer.status_code == (422 if "limit" in path else 200)
    assert {name: answer.headers[name] for name in ENDS} == ENDS


def test_what_is_not_deprecated_says_nothing(platform: Platform) -> None:
    answer = ask("GET", platform.url("things", "/things"))
    assert answer.status_code == 200
    assert set(answer.headers) & set(ENDS) == set()


def test_what_is_deprecated_is_documented_with_its_headers() -> None:
    operation = document()["paths"]["/api/v1/things/old-things"]["get"]
    assert operation["deprecated"] is True
    assert "goes on 2027-11-01 at the earliest. Use /things." in operation["description"]
    assert set(ENDS) <= set(operation["responses"]["200"]["headers"])
    assert "deprecated" not in document()["paths"]["/api/v1/things/things"]["get"]


def test_what_is_deprecated_stays_for_a_year() -> None:
    Deprecation(since=date(2026, 1, 1), ends=date(2027, 1, 1), instead="")
    with pytest.raises(ValueError, match="at least 365 days"):
        Deprecation(since=date(2026, 1, 1), ends=date(2026, 12, 31), instead="")


def test_an_address_with_nothing_behind_it_is_404_whatever_the_method(platform: Platform) -> None:
    """werkzeug alone says 405 where a converter refuses and another method has a route of the same form."""
    for method in ("GET", "PUT", "PATCH"):
        answer = ask(method, platform.url("things", "/numbered/0"))
        assert answer.status_code == 404, method
    refused = ask("PATCH", platform.url("things", "/numbered/1"))
    assert refused.status_code == 405
    assert set(re.findall(r"\w+", refused.headers["Allow"])) == {"GET", "HEAD", "PUT"}
