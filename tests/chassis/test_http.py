"""The HTTP seam as a caller sees it: what is wrong is said, all of it at once, and nothing else."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.asking import ask
from tests.backbone import wait_until
from tests.chassis import seam
from tests.chassis.bench import emit, held
from tests.tokens import OURS

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def call(platform):
    def call(method, path, data=None, **headers):
        return ask(method, platform.url("things", path), data=data, headers=headers)

    return call


def problem(response):
    """Return what a problem document says, beside its type and the correlation id that every answer has."""
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Correlation-ID"]
    document = response.json()
    assert document["status"] == response.status_code
    assert document["type"].startswith("urn:kedja:problem:")
    return response.status_code, document["title"], document["detail"]


def test_a_thing_is_made_answered_where_it_is_and_heard_of(platform, call, live_things):
    response = call("POST", "/things", json.dumps({"name": "made", "parts": []}), **JSON)
    assert (response.status_code, response.json()) == (201, {"name": "made", "parts": []})
    assert response.headers["Location"] == "/api/v1/things/things/made"
    wait_until(lambda: live_things.times() == {"made": 1})
    assert platform.get("things", "/things") == {"items": [{"name": "made", "times": 1}], "next": None}


@pytest.mark.parametrize("data", [b"", b"{", b'{"name": "\xff"}', b"[" * 5000, b"\0"])
def test_a_body_that_is_no_json_is_400(call, data):
    status, title, detail = problem(call("POST", "/things", data, **JSON))
    assert (status, title) == (400, "The request cannot be read")
    assert detail.startswith("The body is not JSON: ")


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("POST", "/things", b'{"name": "a\\u0000b"}'),
        ("POST", "/things", b'{"name": "x", "parts": [{"label": "\\\\\\u0000", "weight": 1}]}'),
        ("GET", "/things?after=%00", None),
        ("DELETE", "/things/a%00b", None),
    ],
)
def test_u_0000_can_not_be_stored_and_is_400_wherever_it_stands(call, method, path, data):
    expected = (400, "The request cannot be read", "The character U+0000 cannot be stored.")
    assert problem(call(method, path, data, **JSON)) == expected


def test_the_text_of_the_escape_is_a_text_like_others(call, live_things):
    name = "a\\u0000b"
    assert call("POST", "/things", json.dumps({"name": name}), **JSON).json() == {"name": name}
    wait_until(lambda: live_things.times() == {name: 1})


def test_what_is_not_there_is_404_and_a_method_that_is_not_taken_405_with_those_that_are(call):
    assert problem(call("GET", "/nothing")) == (404, "Not found", "There is nothing at this address.")
    assert problem(call("GET", "/things/01a1fde8-362f-728f-8fcc-56a55bb5b791")) == (
        404,
        "Not found",
        "no such thing",
    )
    response = call("PATCH", "/things")
    assert problem(response) == (
        405,
        "The method is not allowed here",
        "The Allow header names those that are.",
    )
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_a_body_too_large_is_413(call):
    data = json.dumps({"name": "x" * 1_500_000})
    assert problem(call("POST", "/things", data, **JSON))[:2] == (413, "The body is too large")


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "", "application/x-www-form-urlencoded"]
)
def test_a_media_type_that_is_not_json_is_415(call, media_type):
    response = call("POST", "/things", b'{"name": "x"}', **{"Content-Type": media_type})
    assert problem(response) == (415, "The media type is not supported", "Send application/json.")


def test_every_fault_of_body_and_query_is_named_at_once_by_its_pointer(call):
    body = {"parts": [{"label": "a", "weight": 0}, {"weight": "heavy"}], "a/b~c": 1}
    response = call("POST", "/things?limit=0&page=2", json.dumps(body), **JSON)
    assert problem(response) == (422, "The input breaks its rules", "Every fault is listed under errors.")
    assert response.json()["errors"] == [
        {"pointer": "/a~1b~0c", "detail": "Unknown field."},
        {"pointer": "/name", "detail": "Missing data for required field."},
        {"pointer": "/parts/0/weight", "detail": "Must be greater than or equal to 1."},
        {"pointer": "/parts/1/label", "detail": "Missing data for required field."},
        {"pointer": "/parts/1/weight", "detail": "Not a valid integer."},
        {"pointer": "?limit", "detail": "Must be greater than or equal to 1 and less than or equal to 500."},
        {"pointer": "?page", "detail": "Unknown field."},
    ]


def test_a_body_that_is_no_object_is_a_fault_of_the_whole_document(call):
    response = call("POST", "/things", b"[1]", **JSON)
    assert response.json()["errors"] == [{"pointer": "", "detail": "Invalid input type."}]


def test_a_refusal_of_a_use_case_rolls_back_and_its_sentence_is_shown(call, live_things):
    assert problem(call("DELETE", "/things/kept")) == (
        409,
        "The present state does not allow this",
        "things stay",
    )
    assert live_things.times() == {}


def test_a_bug_is_500_shows_no_internals_and_is_logged_under_the_answers_correlation_id(platform, call):
    response = call("POST", "/accidents", **{"X-Correlation-ID": "accident-1"})
    assert problem(response)[:2] == (500, "The service failed")
    for internal in ("4711", "RuntimeError", "Traceback", ".py"):
        assert internal not in response.text
    [line] = [
        line
        for line in platform.log("things").splitlines()
        if "RuntimeError: the secret is 4711" in line and "accident-1" in line
    ]
    assert json.loads(line)["event"] == "request_failed"


def test_a_correlation_id_is_echoed_and_goes_on_to_the_event_and_one_that_is_none_is_replaced(
    platform, call, channel, live_things
):
    sent = {**JSON, "X-Correlation-ID": "caller.1-a"}
    assert call("POST", "/things", b'{"name": "x"}', **sent).headers["X-Correlation-ID"] == "caller.1-a"
    wait_until(lambda: live_things.times() == {"x": 1})
    for path in ("/things", "/nothing"):
        made = {call("GET", path).headers["X-Correlation-ID"] for _ in range(2)}
        made |= {call("GET", path, **{"X-Correlation-ID": "{}" * 50}).headers["X-Correlation-ID"]}
        assert len(made) == 3
        assert all(len(text) == 36 for text in made)


def test_a_page_for_people_is_html(call):
    response = call("GET", "/page")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.content.decode() == "<!doctype html><p>Åäö</p>"


def test_while_the_database_is_away_answers_are_503_with_a_time_to_come_again_and_then_all_is_well(
    platform, call, live_database
):
    call("GET", "/things")
    live_database.refuse()
    response = call("GET", "/things")
    assert problem(response)[0] == 503
    assert response.headers["Retry-After"] == "5"
    assert platform.ops("things", "/healthz").status_code == 200
    assert platform.ops("things", "/metrics").status_code == 200
    assert platform.ops("things", "/readyz").json()["database"] is False
    for path in ("/openapi.json", "/docs"):  # what is in no table
        assert call("GET", path).status_code == 200
    assert call("GET", "/nothing").status_code == 404
    live_database.restore()
    wait_until(lambda: call("GET", "/things").status_code == 200)
    platform.await_ready("things")


def test_the_ops_port_answers_while_all_workers_are_busy_and_events_go_on(
    platform, call, live_things, live_db
):
    with ThreadPoolExecutor(30) as pool, held(live_things):
        # of ten clients: one alone may not take all workers
        clients = [OURS.bearer("national_office", client_id=f"client-{number % 10}") for number in range(30)]
        waits = [pool.submit(call, "POST", "/waits", b"{}", **JSON, **client) for client in clients]
        wait_until(lambda: live_things.waiting() == 10)
        for path in ("/healthz", "/readyz", "/metrics", "/backlog"):
            assert platform.ops("things", path).status_code == 200
        emit(live_db, "meanwhile")
        wait_until(lambda: live_things.times() == {"meanwhile": 1})
        live_things.release()
        assert {wait.result().status_code for wait in waits} == {200}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /things HTTP/1.1\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{",
        b"POST /things HTTP/1.1\r\nContent-Length: -1\r\nContent-Type: application/json\r\n\r\n",
        b"POST /things HTTP/1.1\r\nContent-Length: many\r\nContent-Type: application/json\r\n\r\n",
        b"POST /things HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nz\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /%ff%fe?%ff=%ff HTTP/1.1\r\nX-Correlation-ID: \xff\r\nAuthorization: \xff\r\n\r\n",
    ],
)
def test_a_client_that_talks_nonsense_and_hangs_up_harms_nobody(platform, call, raw):
    host, port = platform.env["things"]["HTTP_ADDRESS"].split(":")
    pid = platform.processes["things"].pid
    for _ in range(3):
        with socket.create_connection((host, int(port))) as client:
            client.sendall(raw)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert call("GET", "/things").status_code == 200
    assert platform.processes["things"].poll() is None
    assert platform.processes["things"].pid == pid


def test_a_chunked_body_is_read_like_any_other(platform, live_things):
    response = ask(
        "POST",
        platform.url("things", "/things"),
        data=iter([b'{"name": ', b'"in pieces"}']),
        headers=JSON,
        timeout=10,
    )
    assert response.status_code == 201, response.text


def test_what_no_route_takes_is_counted_without_its_path_or_method(platform, live_things):
    assert requests.request("BREW", platform.url("things", "/coffee"), timeout=10).status_code == 404
    counted = platform.ops("things", "/metrics").text
    assert 'http_request_duration_seconds_count{method="any",route="none",status="404"}' in counted


def test_what_requests_need_is_told_apart_from_the_broker(platform, live_things):
    answer = platform.ops("things", "/readyz/http")
    assert (answer.status_code, answer.json()) == (200, {"database": True})


def test_a_query_parameter_that_is_given_twice_is_refused_and_named(platform, live_things):
    answer = seam.send(platform, "GET", "/items?limit=1&limit=5&region=01&region=01&nope=1&nope=2&sort=rank")
    assert seam.told(answer) == (422, "invalid")
    told = {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}
    assert told == dict.fromkeys(("?limit", "?nope", "?region"), "Is given more than once.")
