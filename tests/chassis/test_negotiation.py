"""Media types: what a caller takes, and what it sends."""

from __future__ import annotations

from functools import partial

import pytest

from tests.chassis import seam
from tests.chassis.seam import KEY, told

JSON, HTML = "application/json", "text/html; charset=utf-8"


@pytest.fixture
def send(platform, live_things):
    return partial(seam.send, platform)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/*",
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "text/html, application/json;q=0.1",
        "text/html;q=1.0, */*;q=0.001",
        "application/problem+json, application/json",
        "application/problem+json",
        "*/*, text/csv",
        "text/csv, */*",
        "text/csv, application/json",
        "text/csv;q=0.5, */*;q=0.5",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ],
)
def test_who_takes_json_among_other_things_or_says_nothing_gets_json(send, accept):
    answer = send("GET", "/items", None, {"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON)


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "image/png, text/*",
        "application/json;q=0",
        "*/*;q=0",
        "application/xml",
        "application/jsonx",
    ],
)
def test_who_gets_no_body_may_take_what_they_like(send, live_things, accept):
    live_things.ask("INSERT INTO item (name) VALUES ('a')")
    answer = send("DELETE", "/items/a", None, {"If-Match": "*", "Accept": accept})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "accept", ["text/csv", "text/csv, */*;q=0.9", "text/csv;q=0.9, application/json;q=0.8"]
)
def test_who_likes_a_table_better_gets_one(send, accept):
    answer = send("GET", "/items", None, {"Accept": accept})
    assert answer.headers["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize(
    "accept", ["text/html", "image/png, text/*", "application/json;q=0", "*/*;q=0", "application/jsonx"]
)
def test_who_takes_no_json_is_refused_before_anything_happens(send, live_things, accept):
    refused = send("POST", "/items", {"name": "a"}, {KEY: "k", "Accept": accept})
    assert told(refused) == (406, "not-acceptable")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["detail"] == "This can be had as application/json."
    assert live_things.ask("SELECT name FROM item") == []
    assert send("POST", "/items", {"name": "a"}, {KEY: "k"}).status_code == 201


def test_a_page_for_people_is_had_as_html_only(send):
    for accept in (None, "*/*", "text/html", "text/*;q=0.1"):
        answer = send("GET", "/page", None, {"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, HTML)
    assert told(send("GET", "/page", None, {"Accept": JSON})) == (406, "not-acceptable")


@pytest.mark.parametrize(
    "sent",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        'application/json;charset="UTF-8"',
    ],
)
def test_json_is_json_whatever_stands_beside(send, sent):
    assert send("POST", "/items", {"name": "a"}, {KEY: "k", "Content-Type": sent}).status_code == 201


@pytest.mark.parametrize(
    "sent",
    [None, "", "text/plain", "application/xml", "application/jsonx", "text/json", "application/problem+json"],
)
def test_what_is_no_json_is_refused_and_changes_nothing(send, live_things, sent):
    put = send("PUT", "/items/a", {"note": "x"}, {"If-None-Match": "*", "Content-Type": sent})
    assert told(put) == (415, "unsupported-media-type")
    post = send("POST", "/items", {"name": "a"}, {KEY: "k", "Content-Type": sent})
    assert told(post) == (415, "unsupported-media-type")
    assert live_things.ask("SELECT name FROM item") == []


def test_what_has_no_body_needs_no_media_type(send, live_things):
    live_things.ask("INSERT INTO item (name) VALUES ('a')")
    assert send("POST", "/owned/a/touch").status_code == 200
    assert (
        send("DELETE", "/items/a", None, {"If-Match": "*", "Content-Type": "text/plain"}).status_code == 204
    )


def test_csv_says_that_it_is_utf_8_so_that_no_reader_guesses(send, live_things):
    live_things.ask("INSERT INTO item (name) VALUES ('å')")
    csv = send("GET", "/items", headers={"Accept": "text/csv"})
    assert csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert csv.text.splitlines()[1].split(",").count("å") == 1
    assert not csv.content.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("accept", [None, "*/*", JSON, "text/html;q=0.5, application/json"])
def test_an_address_with_a_page_beside_its_json_gives_json_to_who_asks_for_no_page(send, accept):
    send("POST", "/items", {"name": "a"}, {KEY: "k"})
    answer = send("GET", "/both/a", None, {"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON)
    assert answer.headers["Vary"] == "Accept, Authorization, Accept-Language"
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_browser_gets_the_page_at_the_same_address_in_its_language_and_nobody_keeps_it(send):
    send("POST", "/items", {"name": "a"}, {KEY: "k"})
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    headers = {"Accept": accept, "Accept-Language": "en;q=0.5, sv-SE, de;q=0"}
    answer = send("GET", "/both/a", None, headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, HTML)
    assert answer.text.endswith("<p>a sv,en</p>")
    assert answer.headers["Vary"] == "Accept, Authorization, Accept-Language"
    assert answer.headers["Cache-Control"] == "no-store"
    assert told(send("GET", "/both/a", None, {"Accept": "text/csv"})) == (406, "not-acceptable")
