"""Rates as callers see them, and the headers that every answer carries."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
import requests

from chassis import shields
from tests.chassis.wires import Client, head, service
from tests.tokens import OURS

PAGE = Path("services/assessments/respond.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def strict(platform, live_dsn, tmp_path_factory):
    """The service with small rates, behind a proxy at 127.0.0.9."""
    yield from service(
        platform,
        tmp_path_factory.mktemp("strict"),
        live_dsn,
        RATE_LIMIT="5/hour",
        RATE_LIMIT_ANONYMOUS="4/hour",
        RATE_LIMIT_FAILURES="3/hour",
        TRUSTED_PROXIES="127.0.0.9",
    )


def asked(strict, *headers, source="127.0.0.1", path=b"/things", method=b"GET", body=b""):
    with Client(strict.env["things"]["HTTP_ADDRESS"], source) as connection:
        connection.send(head(method, path, *headers, token=False) + body)
        return connection.answer()


def bearer(client_id):
    return b"Authorization: " + OURS.bearer("national_office", client_id=client_id)["Authorization"].encode()


def test_a_client_beyond_its_rate_is_429_and_told_when_to_come_again(strict, live_things):
    token = bearer("one")
    shown = [asked(strict, token) for _ in range(6)]
    assert [answer.status for answer in shown] == [200] * 5 + [429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in shown] == [
        f"r={n}" for n in (4, 3, 2, 1, 0, 0)
    ]
    assert {answer.headers["ratelimit-policy"] for answer in shown} == {'"client";q=5;w=3600'}
    assert shown[-1].problem == "too-many-requests"
    assert 1 <= int(shown[-1].headers["retry-after"]) <= 3600
    assert asked(strict, bearer("two")).status == 200


def test_a_refusal_comes_before_the_body_is_read(strict, live_things):
    token = bearer("three")
    for _ in range(5):
        asked(strict, token)
    big = (token, b"Content-Type: application/json", b"Content-Length: 900000", b"Expect: 100-continue")
    assert asked(strict, *big, method=b"POST").problem == "too-many-requests"


def test_anonymous_callers_are_counted_by_address_and_a_strangers_forwarded_for_is_not_believed(strict):
    page = [
        asked(strict, b"X-Forwarded-For: 9.9.9.%d" % n, source="127.0.0.2", path=b"/page") for n in range(5)
    ]
    assert [answer.status for answer in page] == [200] * 4 + [429]
    assert page[-1].headers["ratelimit-policy"] == '"anonymous";q=4;w=3600'


def test_behind_a_trusted_proxy_callers_are_counted_apart(strict):
    for caller in (b"198.51.100.1", b"198.51.100.2"):
        answers = [
            asked(strict, b"X-Forwarded-For: 6.6.6.6, " + caller, source="127.0.0.9", path=b"/page").status
            for _ in range(5)
        ]
        assert answers == [200] * 4 + [429]


@pytest.mark.parametrize(
    ("client", "path", "method", "status"),
    [
        ("five", b"/nothing", b"GET", 404),
        ("six", b"/things", b"PATCH", 405),
        ("seven", b"//things", b"GET", 404),
    ],
)
def test_what_nothing_is_at_counts_like_any_other_request(strict, client, path, method, status):
    token = bearer(client)
    shown = [asked(strict, token, path=path, method=method) for _ in range(6)]
    assert [answer.status for answer in shown] == [status] * 5 + [429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in shown[:5]] == [
        f"r={n}" for n in (4, 3, 2, 1, 0)
    ]


def test_without_a_token_it_counts_by_address_and_a_token_that_is_none_is_401_there_too(strict):
    paths = [asked(strict, source="127.0.0.4", path=b"/nothing%d" % n).status for n in range(5)]
    assert paths == [404] * 4 + [429]
    wrong = [
        asked(strict, b"Authorization: Bearer a.b.c", source="127.0.0.5", path=b"/nothing").status
        for _ in range(4)
    ]
    assert wrong == [401] * 3 + [429]


def test_bad_tokens_are_429_in_the_end_and_a_good_one_from_there_is_served(strict, live_things):
    bad = [asked(strict, b"Authorization: Bearer a.b.c", source="127.0.0.3") for _ in range(4)]
    assert [answer.problem for answer in bad] == ["unauthorized"] * 3 + ["too-many-requests"]
    assert asked(strict, bearer("four"), source="127.0.0.3").status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/things", 401), ("GET", "/nothing", 404), ("BREW", "/things", 405), ("GET", "/page", 200)],
)
def test_every_answer_carries_the_headers_and_none_opens_anything(platform, method, path, status):
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    response = requests.request(method, platform.url("things", path), headers=foreign, timeout=20)
    assert response.status_code == status
    if status != 200:
        assert {name: response.headers[name] for name in shields.ALWAYS} == shields.ALWAYS
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert [name for name in response.headers if name.lower().startswith("access-control")] == []


def test_a_preflight_gets_no_leave(platform):
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = requests.options(platform.url("things", "/things"), headers=asks, timeout=20)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert [name for name in response.headers if name.lower().startswith("access-control")] == []


def test_a_page_runs_its_own_scripts_and_styles_and_nothing_else(platform):
    response = requests.get(platform.url("things", "/page"), timeout=20)
    assert response.headers["Content-Security-Policy"] == shields.policy(response.text)
    assert "script-src 'none'; style-src 'none'" in response.headers["Content-Security-Policy"]


def test_the_respondents_page_fits_its_policy():
    """Whatever is inline is named by its hash; what no hash could name is not there."""
    policy = shields.policy(PAGE)
    assert "'unsafe-inline'" not in policy
    for text in re.findall(r"<(?:script|style)[^>]*>(.*?)</(?:script|style)>", PAGE, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    outside = re.sub(r"<(script|style)>.*?</\1>", "", PAGE, flags=re.DOTALL)
    assert (
        re.findall(r"<(?:script|link)[^>]*(?:src|href)=\"(?!data:)[^\"]*|\son\w+=|javascript:", outside) == []
    )
