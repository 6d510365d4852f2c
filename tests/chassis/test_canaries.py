"""Canaries: secrets go through every kind of call, also those that fail; no output may sing of one."""

from __future__ import annotations

import base64
import json
import secrets
from urllib.parse import unquote, urlsplit

import pytest

from chassis import links
from chassis.ids import uuid7
from tests.asking import ask
from tests.backbone import wait_until
from tests.canaries import found, tables, unsigned
from tests.chassis.wires import Client, head
from tests.tokens import OURS

JSON = {"Content-Type": "application/json"}
PEOPLE = {
    "name": "Kanaria Fågelsson",
    "email": "kanaria.fagelsson@region.example",
    "phone": "+46 70 555 01 99",
}


@pytest.fixture(scope="module")
def canaries(platform):
    """What must stand nowhere: name -> secret."""
    env = platform.env["things"]
    return {
        "token": OURS.token("national_office", client_id="canary"),
        "token without a scope": OURS.token("national_office", "", client_id="canary"),
        "expired token": OURS.token("national_office", minutes=-60),
        "unsigned token": unsigned(),
        "no token": f"Canary-{secrets.token_hex(12)}",
        "code of a link": links.code("canary", uuid7(), 1),
        "session": secrets.token_urlsafe(32),
        "basic": base64.b64encode(b"canary:tweet").decode(),
        "key": f"canary-{secrets.token_hex(8)}",
        "database": unquote(urlsplit(env["DATABASE_URL"]).password),
        "broker": unquote(urlsplit(env["AMQP_URL"]).password),
        "link key": env["LINK_KEY"],
    }


class Caller:
    """Calls with secrets in them, and what was answered: (status, all of it as text)."""

    def __init__(self, platform, canaries):
        self.platform, self.canaries, self.said = platform, canaries, []

    def __call__(self, method, path, body=None, credentials="token", scheme="Bearer", **headers):
        bearer = {"Authorization": f"{scheme} {self.canaries[credentials]}"}
        given = {**JSON, **bearer, "Idempotency-Key": self.canaries["key"], **headers}
        data = json.dumps(body) if isinstance(body, dict) else body
        response = ask(method, self.platform.url("things", path), data=data, headers=given)
        self.said.append((response.status_code, f"{response.headers} {response.text}"))
        return response.status_code


def _bodies(call):
    """Send personal values in bodies that are refused."""
    yield call("POST", "/things", {"name": "other"})
    yield call("POST", "/things", {**PEOPLE, "parts": [PEOPLE]})
    yield call("POST", "/things", {"name": PEOPLE, "parts": PEOPLE["email"]})
    yield call("POST", "/things", '{"name": "' + PEOPLE["email"] + '", ')
    yield call("POST", "/things", PEOPLE["email"], **{"Content-Type": "text/plain"})
    yield call("POST", "/accidents", PEOPLE)


def _credentials(call, canaries):
    """Send secrets where they belong, and where they do not."""
    code, session = canaries["code of a link"], canaries["session"]
    yield call("GET", f"/nothing/{code}?code={session}&email={PEOPLE['email']}")
    yield call("DELETE", f"/things/{session}")
    for kind in ("token", "token without a scope", "expired token", "unsigned token", "no token", "session"):
        yield call("GET", "/things", None, kind)
    yield call("GET", "/things", None, "basic", "Basic")
    yield call("GET", "/things", None, **{"X-Correlation-ID": f"{code}!"})
    yield call("GET", "/things", None, **{"Cookie": f"session={session}", "X-Api-Key": canaries["key"]})


@pytest.fixture
def answers(platform, canaries, live_things, live_database):
    """All that the service has said to calls of every kind: [(status, text)]."""
    call = Caller(platform, canaries)
    for _ in range(2):  # the second gets the stored answer
        assert call("POST", "/things", {"name": PEOPLE["name"]}) == 201
    statuses = {*_bodies(call), *_credentials(call, canaries)}
    assert statuses >= {200, 400, 401, 403, 404, 409, 415, 422, 500}
    call.said.append((400, _raw(platform, canaries)))
    live_database.refuse()
    assert call("GET", "/things") == 503
    live_database.restore()
    platform.await_ready("things")
    return call.said


def _raw(platform, canaries):
    """Return what is said to heads that are none, with secrets in them."""
    said = []
    bearer = f"Authorization: Bearer {canaries['token']}".encode()
    for raw in (
        head(b"GET", b"/things", bearer + b"\x01", token=False),
        head(b"GET", b"/things", bearer, bearer, token=False),
        head(b"GET", b"/" + canaries["session"].encode() + b"x" * 9000, token=False),
        b"GET " + canaries["session"].encode() + b"\r\n\r\n",
    ):
        with Client(platform.env["things"]["HTTP_ADDRESS"]) as connection:
            connection.send(raw)
            said.append(str(connection.answer()))
    return "\n".join(said)


def test_no_secret_stands_in_any_output(platform, canaries, answers, live_things):
    wait_until(lambda: live_things.outbox() == [])
    outputs = {
        "the log": platform.log("things"),
        "the answers": "\n".join(text for _, text in answers),
        "the metrics": platform.ops("things", "/metrics").text,
        "the backlog": platform.ops("things", "/backlog").text,
        **tables(live_things.ask),
    }
    # a client's own key is kept, with its answer, as long as it may be sent again
    assert found(outputs, canaries) == {("key", "idempotency_key")}


def test_nothing_about_people_stands_in_the_log_or_the_metrics_or_an_answer_that_refuses(platform, answers):
    refusals = "\n".join(text for status, text in answers if status >= 400)
    outputs = platform.log("things") + platform.ops("things", "/metrics").text + refusals
    assert found({"outputs": outputs}, PEOPLE) == set()


def test_every_line_of_the_log_is_one_json_object_of_ours(platform, answers):
    lines = platform.log("things").splitlines()
    assert all("event" in json.loads(line) for line in lines), lines
