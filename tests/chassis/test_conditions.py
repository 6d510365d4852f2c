"""Conditional requests: who changes something says what they have seen, who reads it again reads it once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from chassis.errors import Malformed, PreconditionFailed, PreconditionRequired
from chassis.http import Expectation
from chassis.http.conditions import expectation
from tests.backbone import wait_until
from tests.chassis import seam
from tests.chassis.bench import held
from tests.chassis.seam import told
from tests.tokens import OURS

ABSENT = {"If-None-Match": "*"}


@pytest.fixture
def send(platform, live_things):
    return partial(seam.send, platform)


@pytest.fixture
def item(send):
    """An item of version 1."""
    made = send("PUT", "/items/a", {"note": "first"}, ABSENT)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1-internal"')
    return made.json()


def test_an_item_is_named_by_its_version_and_the_view_in_which_it_is_shown(send, item):
    assert send("GET", "/items/a").headers["ETag"] == '"1-internal"'
    assert send("PUT", "/items/a", {"note": "second"}, {"If-Match": '"1-internal"'}).headers["ETag"] == (
        '"2-internal"'
    )
    region = OURS.bearer("region", region="01")
    assert send("GET", "/items/a", None, region).headers["ETag"] == '"2-regions"'


def test_a_view_is_no_other_view_but_a_change_compares_versions_only(send, item):
    region = OURS.bearer("region", region="01")
    assert send("GET", "/items/a", None, {**region, "If-None-Match": '"1-internal"'}).status_code == 200
    changed = send("PUT", "/items/a", {"note": "x"}, {"If-Match": '"1-regions"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ('"1-internal"', 304),
        ('W/"1-internal"', 304),
        ('"7-internal", W/"1-internal"', 304),
        ('"1-internal-gzip"', 304),
        ('W/"1-internal;gzip", "x"', 304),
        ('"2-internal-gzip"', 200),
        ('"1-internal-gz"', 200),
        ("*", 304),
        ('"2-internal"', 200),
        ('"1-internal-"', 200),
        ("1-internal", 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_it_already_is_told_so_without_a_body(send, item, method, known, status):
    answer = send(method, "/items/a", None, {"If-None-Match": known})
    assert (answer.status_code, answer.headers["ETag"]) == (status, '"1-internal"')
    assert bool(answer.content) == (status == 200 and method == "GET")


def test_a_list_is_named_by_its_content(send, item):
    first = send("GET", "/items?limit=1")
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}'):
        again = send("GET", "/items?limit=1", None, {"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    send("PUT", "/items/a", {"note": "second"}, {"If-Match": "*"})
    changed = send("GET", "/items?limit=1", None, {"If-None-Match": etag})
    assert (changed.status_code, changed.json()["items"][0]["note"]) == (200, "second")
    assert changed.headers["ETag"] != etag


@pytest.mark.parametrize(("method", "body"), [("PUT", {"note": "x"}), ("DELETE", None)])
def test_a_change_without_a_condition_is_428_and_changes_nothing(send, item, method, body):
    assert told(send(method, "/items/a", body)) == (428, "precondition-required")
    assert send("GET", "/items/a").json() == item


@pytest.mark.parametrize(("method", "body"), [("PUT", {"note": "x"}), ("DELETE", None)])
@pytest.mark.parametrize(
    "stale",
    [
        '"2-internal"',
        '"0-internal"',
        '"2-internal-gzip"',
        '"2-internal", "3-internal"',
        '"of-another-service"',
        '"1"',
    ],
)
def test_a_change_of_what_is_not_what_was_seen_is_412_and_changes_nothing(send, item, method, body, stale):
    assert told(send(method, "/items/a", body, {"If-Match": stale})) == (412, "precondition-failed")
    assert send("GET", "/items/a").json() == item


@pytest.mark.parametrize(
    "seen",
    [
        *('"1-internal"', 'W/"1-internal"', '"9-internal",W/"1-internal"', '"1-internal" ,  "x"', "*"),
        *('"1-internal-gzip"', 'W/"1-internal-br"', '"1-internal;gzip"', '"1-internal--gzip"'),
    ],
)
def test_a_change_of_what_was_seen_is_taken_in_each_form_that_a_proxy_may_make_of_it(send, item, seen):
    changed = send("PUT", "/items/a", {"note": "x"}, {"If-Match": seen})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2-internal"')
    assert send("GET", "/items/a").json() == item | {"note": "x", "version": 2}


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": "1-internal"},
        {"If-Match": ""},
        {"If-Match": '"1-internal'},
        {"If-Match": '"1-internal" "2-internal"'},
        {"If-Match": '*, "1-internal"'},
        {"If-Match": 'w/"1-internal"'},
        {"If-None-Match": '"1-internal"'},
        {"If-None-Match": '*, "1-internal"'},
        {"If-None-Match": ""},
        {"If-Match": "*", "If-None-Match": "*"},
        {"If-Match": '"1-internal"', "If-None-Match": "*"},
    ],
)
def test_a_condition_that_is_none_is_400_and_changes_nothing(send, item, headers):
    for method, body in (("PUT", {"note": "x"}), ("DELETE", None)):
        assert told(send(method, "/items/a", body, headers)) == (400, "malformed")
    assert send("GET", "/items/a").json() == item


def test_only_what_is_not_there_is_created(send, item):
    assert told(send("PUT", "/items/a", {"note": "x"}, ABSENT)) == (412, "precondition-failed")
    for nothing in ("*", '"1-internal"'):
        refused = send("PUT", "/items/b", {"note": "x"}, {"If-Match": nothing})
        assert told(refused) == (412, "precondition-failed")
    created = send("PUT", "/items/b", {"note": "x"}, ABSENT)
    assert (created.status_code, created.json()["version"]) == (201, 1)
    changed = send("PUT", "/items/b", {"note": "y"}, {"If-Match": created.headers["ETag"]})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)


def test_what_was_seen_is_removed_once(send, item):
    assert send("DELETE", "/items/a", None, {"If-Match": '"1-internal"'}).status_code == 204
    assert told(send("DELETE", "/items/a", None, {"If-Match": '"1-internal"'})) == (404, "not-found")
    assert told(send("GET", "/items/a")) == (404, "not-found")


@pytest.mark.parametrize(
    ("condition", "winner"), [({"If-Match": '"1-internal"'}, 200), ({"If-None-Match": "*"}, 201)]
)
def test_of_writers_who_have_seen_the_same_exactly_one_wins(send, live_things, condition, winner):
    """All of them have read, and found their condition to hold, before the first one writes."""
    if winner == 200:
        live_things.ask("INSERT INTO item (name) VALUES ('slow')")
    with ThreadPoolExecutor() as pool, held(live_things):
        notes = ["a", "b", "c", "d"]
        writers = [pool.submit(send, "PUT", "/items/slow", {"note": note}, condition) for note in notes]
        wait_until(lambda: live_things.waiting() == len(writers))
        live_things.release()
        answers = [writer.result() for writer in writers]
    assert sorted(answer.status_code for answer in answers) == [winner, 412, 412, 412]
    [won] = [answer.json() for answer in answers if answer.ok]
    assert send("GET", "/items/slow").json() == won
    assert won["version"] == (2 if winner == 200 else 1)


def test_a_condition_is_read_before_the_body_is_believed_and_said_beside_nothing_else(send, item):
    """What the body lacks is told first: a client mends it before it goes to look for a version."""
    answer = send("PUT", "/items/a", {"note": 1})
    assert told(answer) == (422, "invalid")


def test_what_a_writer_takes_for_granted():
    assert expectation({"If-Match": '"3-internal", W/"4-regions", "x"'}, True) == Expectation(
        frozenset({3, 4})
    )
    assert expectation({"If-Match": " * "}, True) == Expectation(present=True)
    assert expectation({"If-None-Match": "*"}, True) == Expectation(absent=True)
    with pytest.raises(PreconditionRequired):
        expectation({}, True)
    with pytest.raises(Malformed):
        expectation({"If-Match": '"' * 50_001}, True)
    # whatever is there, and nothing at all: neither is ever the other
    for expects, version in [(Expectation(), 1), (Expectation(present=True), None)]:
        with pytest.raises(PreconditionFailed):
            expects.check(version)
