"""Canaries: secrets go through every kind of call, also those that fail; no output may sing of one."""

from __future__ import annotations

import base64
import json
import secrets
from urllib.parse import unquote, urlsplit

import jwt
import pytest
from psycopg2 import sql

from chassis import links
from chassis.ids import uuid7
from tests.asking import ask
from tests.backbone import wait_until
from tests.chassis.wires import Client, head
from tests.tokens import AUDIENCE, ISSUER, OURS

JSON = {"Content-Type": "application/json"}
PEOPLE = {
    "name": "Kanaria Fågelsson",
    "email": "kanaria.fagelsson@region.example",
    "phone": "+46 70 555 01 99",
}


def _unsigned():
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 9_999_999_999, "role": "national_office"}
    return jwt.encode(claims, "", algorithm="none")


@pytest.fixture(scope="module")
def canaries(platform):
    """What must stand nowhere: name -> secret."""
    env = platform.env["things"]
    return {
        "token": OURS.token("national_office", client_id="canary"),
        "token without a scope": OURS.token("national_office", "", client_id="canary"),
        "expired token": OURS.token("national_office", minutes=-60),
        "unsigned token": _unsigned(),
        "no token": f"Canary-{secrets.token_hex(12)}",
        "code of a link": links.code("canary", uuid7(), 1),
        "session": secrets.token_urlsafe(32),
        "basic": base64.b64encode(b"canary:tweet").decode(),
        "key": f"canary-{secrets.token_hex(8)}",
        "database": unquote(urlsplit(env["DATABASE_URL"]).password),
        "broker": unquote(urlsplit(env["AMQP_URL"]).password),
        "link key": env["LINK_KEY"],
    }


@pytest.fixture
def answers(platform, canaries, live_things, live_database):
    """All that the service has said to calls of every kind, as text."""
    said = []

    def call(method, path, body=None, credentials="token", scheme="Bearer", **headers):
        given = {
            "Authorization": f"{scheme} {canaries[credentials]}",
            "Idempotency-Key": canaries["key"],
            **headers,
        }
        data = json.dumps(body) if isinstance(body, dict) else body
        response = ask(method, platform.url("things", path), data=data, headers={**JSON, **given})
        said.append(f"{response.status_code} {response.headers} {response.text}")
        return response.status_code

    assert call("POST", "/things", {"name": PEOPLE["name"]}) == 201
    assert call("POST", "/things", {"name": PEOPLE["name"]}) == 201  # the stored answer
    said.clear()  # who sends a name may have it back; from here on nobody does
    statuses = {
        call("POST", "/things", {"name": "other"}),
        call("POST", "/things", {**PEOPLE, "parts": [PEOPLE]}),
        call("POST", "/things", {"name": PEOPLE, "parts": PEOPLE["email"]}),
        call("POST", "/things", '{"name": "' + PEOPLE["email"] + '", '),
        call("POST", "/things", PEOPLE["email"], **{"Content-Type": "text/plain"}),
        call("POST", "/accidents", PEOPLE),
        call(
            "GET", f"/nothing/{canaries['code of a link']}?code={canaries['session']}&email={PEOPLE['email']}"
        ),
        call("DELETE", f"/things/{canaries['session']}"),
        *(call("GET", "/things", None, kind) for kind in canaries if kind.endswith("token")),
        call("GET", "/things", None, "token without a scope"),
        call("GET", "/things", None, "session"),
        call("GET", "/things", None, "basic", "Basic"),
        call("GET", "/things", None, **{"X-Correlation-ID": canaries["code of a link"] + "!"}),
        call(
            "GET",
            "/things",
            None,
            **{"Cookie": f"session={canaries['session']}", "X-Api-Key": canaries["key"]},
        ),
    }
    assert statuses >= {400, 401, 403, 404, 409, 415, 422, 500}
    said.append(_raw(platform, canaries))
    live_database.refuse()
    assert call("GET", "/things") == 503
    live_database.restore()
    platform.await_ready("things")
    return said


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


def tables(live_things, but=()):
    """Return all that stands in the backbone's tables."""
    names = live_things.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert {"outbox", "failed_event", "idempotency_key"} <= set(names)
    each = sql.SQL("SELECT t::text FROM {} t")
    kept = [each.format(sql.Identifier(name)) for name in names if name not in but]
    return "\n".join(row for statement in kept for row in live_things.ask(statement))


def test_no_secret_stands_in_any_output(platform, canaries, answers, live_things):
    wait_until(lambda: live_things.outbox() == [])
    outputs = {
        "the log": platform.log("things"),
        "the answers": "\n".join(answers),
        "the metrics": platform.ops("things", "/metrics").text,
        "the backlog": platform.ops("things", "/backlog").text,
        # a client's own key is kept, with its answer, as long as it may be sent again
        "the tables": tables(live_things, but={"idempotency_key"}),
    }
    found = [
        (name, place)
        for place, text in outputs.items()
        for name, secret in canaries.items()
        if secret in text
    ]
    assert found == []


def test_nothing_about_people_stands_in_the_log_or_the_metrics_or_an_answer_that_refuses(platform, answers):
    outputs = platform.log("things") + platform.ops("things", "/metrics").text + "\n".join(answers)
    for value in PEOPLE.values():
        for shown in (value, json.dumps(value)[1:-1], value.encode().hex()):
            assert shown not in outputs


def test_every_line_of_the_log_is_one_json_object_of_ours(platform, answers):
    lines = platform.log("things").splitlines()
    assert all("event" in json.loads(line) for line in lines), lines
