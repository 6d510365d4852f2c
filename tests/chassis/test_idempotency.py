"""Idempotency-Key: what is sent again has its effect once, and its answer again, whatever comes between."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import pytest
import requests

from chassis.db import Database
from chassis.http import idempotency
from tests.backbone import wait_until
from tests.chassis import seam
from tests.chassis.bench import held
from tests.chassis.seam import KEY, told
from tests.tokens import OURS

REPLAYED = "Idempotent-Replayed"
KEPT = "INSERT INTO idempotency_key SELECT 'c', %(key)s, '', 201, '{}', '', now() - %(age)s::interval"


@pytest.fixture
def send(platform, live_things):
    return partial(seam.send, platform)


@pytest.fixture
def make(send):
    """Make an item: `make(name, key, **body)`."""

    def make(name, key, headers=None, path="/items", **body):
        return send("POST", path, {"name": name, **body}, {KEY: key, **(headers or {})})

    return make


def names(things):
    return things.ask("SELECT name FROM item ORDER BY name")


def test_who_makes_something_without_a_key_is_told_to_send_one(make, live_things):
    answer = make("a", None)
    assert told(answer) == (400, "malformed")
    assert "Idempotency-Key" in answer.json()["detail"]
    assert names(live_things) == []


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb", "å".encode("latin-1")])
def test_a_key_that_is_none_is_refused(make, live_things, key):
    assert told(make("a", key)) == (400, "malformed")
    assert names(live_things) == []


@pytest.mark.parametrize("key", ["x" * 255, "!~\"'\\;--", "{1,2}"])
def test_any_visible_text_of_255_characters_is_a_key(make, key):
    assert make("a", key).status_code == 201
    assert make("a", key).headers[REPLAYED] == "true"


def test_what_needs_no_key_takes_none_and_keeps_none(send, live_things):
    live_things.ask("INSERT INTO item (name) VALUES ('a')")
    for _ in range(2):
        assert send("POST", "/owned/a/touch", None, {KEY: "k"}).headers.get(REPLAYED) is None
    assert send("POST", "/owned/a/touch").status_code == 200
    assert live_things.ask("SELECT key FROM idempotency_key") == []


def test_the_same_request_again_gets_the_first_answer_again(make, live_things):
    first = make("å", "k", note="x")
    assert (first.status_code, first.headers.get(REPLAYED)) == (201, None)
    live_things.ask("UPDATE item SET version = 7, note = 'changed since'")
    again = make("å", "k", note="x")
    assert (again.status_code, again.headers[REPLAYED], again.content) == (201, "true", first.content)
    same = ("Content-Type", "Location", "ETag")
    assert [again.headers[name] for name in same] == [first.headers[name] for name in same]
    assert first.headers["ETag"] == '"1-internal"'
    assert again.headers["X-Correlation-ID"] != first.headers["X-Correlation-ID"]
    assert names(live_things) == ["å"]


def test_the_first_answer_comes_again_also_when_what_was_made_is_gone(make, live_things):
    first = make("a", "k")
    live_things.ask("DELETE FROM item")
    assert make("a", "k").content == first.content
    assert names(live_things) == []


def test_a_key_that_was_used_for_something_else_is_422(make, send, live_things):
    make("a", "k")
    refused = make("b", "k")
    assert told(refused) == (422, "invalid")
    assert refused.json()["detail"] == "This Idempotency-Key was used for another request."
    assert refused.json()["errors"] == []
    assert told(make("a", "k", note="more")) == (422, "invalid")
    assert told(make("a", "k", path="/things")) == (422, "invalid")
    assert told(make("a", "k", path="/items?x=1")) == (422, "invalid")
    assert names(live_things) == ["a"]


def test_while_the_first_request_runs_the_second_is_409_and_then_it_gets_the_answer(make, live_things):
    with ThreadPoolExecutor() as pool, held(live_things):
        first = pool.submit(make, "a", "k", fate="slow")
        wait_until(lambda: live_things.waiting() == 1)
        refusal = make("a", "k", fate="slow")
        assert told(refusal) == (409, "conflict")
        assert refusal.headers["Retry-After"] == "1"
        assert make("b", "another-key").status_code == 201
        assert live_things.waiting() == 1
        live_things.release()
        assert first.result().status_code == 201
    again = make("a", "k", fate="slow")
    assert (again.content, again.headers[REPLAYED]) == (first.result().content, "true")


def test_of_many_who_send_the_same_at_once_one_makes_it_and_all_end_with_the_same_answer(make, live_things):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: make("a", "k"), range(24)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in made}) == 1
    assert sum(REPLAYED not in answer.headers for answer in made) == 1
    assert names(live_things) == ["a"]


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        ({"name": "a", "note": 1}, 422),
        ({"name": "taken"}, 409),
        ({"name": "a", "fate": "missing"}, 404),
        ({"name": "a", "fate": "fails"}, 500),
    ],
)
def test_a_refused_request_never_blocks_the_corrected_one(send, live_things, refused, status):
    live_things.ask("INSERT INTO item (name) VALUES ('taken')")
    for _ in range(2):  # nor is a refusal kept: it is found anew
        answer = send("POST", "/items", refused, {KEY: "k"})
        assert (answer.status_code, REPLAYED in answer.headers) == (status, False)
    assert names(live_things) == ["taken"]
    corrected = send("POST", "/items", {"name": "a"}, {KEY: "k"})
    assert (corrected.status_code, REPLAYED in corrected.headers) == (201, False)


def test_another_client_may_use_the_same_key_and_another_person_of_the_same_client_may_not(make, live_things):
    one, two = (OURS.bearer("client", region="01", client_id=name) for name in ("one", "two"))
    colleague = OURS.bearer("client", region="01", client_id="one", sub="somebody else")
    assert make("a", "k", one).status_code == 201
    assert make("b", "k", two).status_code == 201
    assert told(make("c", "k", colleague)) == (422, "invalid")
    assert make("a", "k", one).headers[REPLAYED] == "true"
    assert names(live_things) == ["a", "b"]


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("client", {"region": "14"}),
        ("client", {"region": "01", "sub": "somebody else"}),
        ("region", {"region": "01"}),
        ("national_office", {}),
    ],
)
def test_another_role_region_or_person_of_the_same_client_is_not_shown_the_stored_answer(
    make, live_things, role, claims
):
    asker = OURS.bearer("client", region="01", client_id="one", sub="the first")
    assert make("a", "k", asker).status_code == 201
    other = OURS.bearer(role, **{"client_id": "one", "sub": "the first", **claims})
    answer = make("a", "k", other)
    assert (told(answer), REPLAYED in answer.headers) == ((422, "invalid"), False)
    assert make("a", "k", asker).headers[REPLAYED] == "true"
    assert names(live_things) == ["a"]


def test_who_may_not_make_it_is_not_shown_what_somebody_made(make):
    """The same client with a weaker token: its key opens nothing that its scope does not."""
    make("a", "k", OURS.bearer("client", region="01", client_id="one"))
    weak = OURS.bearer("client", "suppliers:read", region="01", client_id="one")
    assert told(make("a", "k", weak)) == (403, "forbidden")


def test_keys_are_kept_30_days_and_then_forgotten_in_batches(dsn, things, monkeypatch):
    ages = {"new": "0", "old": "30 days -1 minute", "older": "30 days 1 minute", "oldest": "90 days"}
    for key, age in ages.items():
        things.ask(KEPT, key=key, age=age)
    monkeypatch.setattr(idempotency, "_PRUNED_AT_ONCE", 1)
    db = Database(dsn, 1)
    left = []
    while idempotency.prune(db):
        left.append(set(things.ask("SELECT key FROM idempotency_key")))
    db.close()
    assert left == [{"new", "old", "older"}, {"new", "old"}]
    assert set(things.ask("SELECT key FROM idempotency_key")) == {"new", "old"}


def test_a_forgotten_key_is_free_again(make, live_things, live_db):
    make("a", "k")
    live_things.ask("UPDATE idempotency_key SET made_at = now() - interval '31 days'")
    idempotency.prune(live_db)
    assert make("b", "k").status_code == 201


@pytest.mark.slow
def test_a_running_service_forgets_by_itself(platform, make, live_things):
    live_things.ask(KEPT, key="oldest", age="90 days")
    platform.stop("things", signal.SIGTERM)
    platform.start("things")
    platform.await_ready("things")
    wait_until(lambda: live_things.ask("SELECT key FROM idempotency_key") == [])


@pytest.mark.parametrize(
    ("point", "is_made"), [("before commit", False), ("after commit, before publish", True)]
)
def test_a_service_that_is_killed_in_between_has_made_it_with_its_key_or_not_at_all(
    platform, live_things, point, is_made
):
    key, body = str(uuid4()), {"name": point}
    module, env = platform.module, dict(platform.env["things"])
    platform.stop("things", signal.SIGTERM)
    platform.module = "tests.chassis.extra.crash"
    platform.env["things"] |= {"CRASH_AT": point, "CRASH_CALL": "1"}
    try:
        platform.start("things")
        platform.await_ready("things")
        with pytest.raises(requests.ConnectionError):
            seam.send(platform, "POST", "/things", body, {KEY: key})
        wait_until(lambda: platform.processes["things"].poll() is not None)
    finally:
        platform.module, platform.env["things"] = module, env
        platform.start("things")
        platform.await_ready("things")
    again = seam.send(platform, "POST", "/things", body, {KEY: key})
    assert (again.status_code, again.headers.get(REPLAYED)) == (201, "true" if is_made else None)
    wait_until(lambda: live_things.times() == {point: 1})
    assert live_things.outbox() == []
