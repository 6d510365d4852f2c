"""What nginx cannot or will not pass on is a problem too; and what it writes down of it."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.harness import free_port
from tests.platform.edge import Edge, raw

if TYPE_CHECKING:
    from tests.platform.edge import Echo

CANARY = "eyJhbGciOi.canary.signature"


REFUSED = {
    "garbage": (b"\x00\x01garbage\r\n\r\n", 400, "malformed"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400, "malformed"),
    "two lengths": (
        b"POST /api/v1/audits/x HTTP/1.1\r\nHost: k\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
        "malformed",
    ),
    "unknown coding": (
        b"POST /api/v1/audits/x HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: odd\r\n\r\n",
        400,
        "malformed",
    ),
    "trace": (b"TRACE / HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n", 405, "method-not-allowed"),
    "long header": (
        b"GET / HTTP/1.1\r\nHost: k\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n",
        431,
        "headers-too-large",
    ),
    "long address": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: k\r\n\r\n", 414, "uri-too-long"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nginx_cannot_read_is_a_problem_too(edge: Edge, case: str) -> None:
    request, status, name = REFUSED[case]
    got, body = raw(edge, request)
    assert (got, body["status"], body["type"]) == (status, status, f"urn:kedja:problem:{name}")


def test_no_query_string_and_no_token_is_ever_logged(tmp_path: Any, echoes: dict[str, Echo]) -> None:
    edge = Edge(tmp_path, {"suppliers": echoes["suppliers"].port, "audits": free_port()})
    hidden = {"Authorization": f"Bearer {CANARY}", "Cookie": f"s={CANARY}", "Referer": f"https://x/?{CANARY}"}
    paths = ("/api/v1/suppliers/x", "/api/v1/suppliers/hangs-up", "/api/v1/audits/x", "/nothing", "/docs")
    for path in paths:
        requests.get(f"{edge.url}{path}?token={CANARY}", headers=hidden, timeout=10)
    for request in (
        f"GET /x?{CANARY} HTTP/9.9",
        f"POST /x?{CANARY} HTTP/1.1\r\nHost: k",
        f"GET /api/v1/x/\0?{CANARY} HTTP/1.1\r\nHost: k",
    ):
        raw(edge, f"{request}\r\nContent-Length: 9999999\r\n\r\n".encode())
    edge.stop()
    assert [line["path"] for line in edge.accesses()][: len(paths)] == list(paths)
    assert "canary" not in edge.log()


@pytest.mark.parametrize(
    ("asked", "logged"),
    [
        (rb'/"%0a}{"\u0000\x1b[2J', r'/"%0a}{"\u0000\x1b[2J'),
        (b"/before\xff\xfeafter", "/before"),
        (b"/before\x1b[2J", ""),
    ],
)
def test_the_access_log_is_json_whatever_is_asked_for(tmp_path: Any, asked: bytes, logged: str) -> None:
    edge = Edge(tmp_path, {})
    raw(edge, b"GET " + asked + b" HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n")
    edge.stop()
    (line,) = edge.log().splitlines()
    assert json.loads(line)["path"] == logged


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", b"Content-Length: 9\r\n\r\nx"], ids=["headers", "body"])
def test_who_sends_too_slowly_is_let_go(tmp_path: Any, sent: bytes) -> None:
    edge = Edge(tmp_path, {"suppliers": free_port()})
    with socket.create_connection(("127.0.0.1", edge.port), timeout=20) as client:
        client.sendall(b"POST /api/v1/suppliers/x HTTP/1.1\r\nHost: k\r\n" + sent)
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
    edge.stop()
    assert [line["status"] for line in edge.accesses()] == ["408"]
