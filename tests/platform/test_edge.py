"""One base URL: the real nginx with the files of deploy/nginx, before stand-ins that tell what arrives."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import requests

from chassis import errors
from tests.backbone import wait_until
from tests.conftest import SERVICES
from tests.harness import free_port
from tests.platform.edge import Echo, Edge, raw

if TYPE_CHECKING:
    from collections.abc import Iterator


def problem(answer: requests.Response) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert re.fullmatch(r"[\w.\-]{1,64}", answer.headers["X-Correlation-ID"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    body: dict[str, Any] = answer.json()
    assert list(body) == ["type", "title", "status", "detail"]
    assert body["status"] == answer.status_code
    return body


@pytest.mark.parametrize("service", SERVICES)
def test_a_path_leads_to_its_service_as_it_came(edge: Edge, service: str) -> None:
    path = f"/api/v1/{service}/things/a%2Fb%20%C3%A5/../c?name=%C3%85&next=a%2Bb"
    received = raw(edge, f"GET {path} HTTP/1.1\r\nHost: kedja\r\nConnection: close\r\n\r\n".encode())[1]
    assert (received["service"], received["path"]) == (service, path)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/api/v1/", "/api/v1/suppliers", "/api/v1/nobody/x", "/api/v2/suppliers/x", "/_problem"],
)
def test_an_unknown_path_is_a_problem_in_the_services_shape(edge: Edge, path: str) -> None:
    answer = requests.get(edge.url + path, headers={"X-Correlation-ID": "mine-1"}, timeout=10)
    kind = errors.NotFound()
    assert answer.status_code == 404
    assert problem(answer) == {
        "type": "urn:kedja:problem:not-found",
        "title": kind.title,
        "status": 404,
        "detail": kind.detail,
    }
    assert answer.headers["X-Correlation-ID"] == "mine-1"


def test_a_services_own_refusal_comes_through_untouched(edge: Edge) -> None:
    answer = requests.get(f"{edge.url}/api/v1/audits/fails", timeout=10)
    assert (answer.status_code, answer.json()["service"]) == (404, "audits")


def test_what_a_caller_says_about_where_it_comes_from_is_overwritten(edge: Edge) -> None:
    lies = {
        "X-Forwarded-For": "10.6.6.6",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "666",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": "10.6.6.6",
        "Forwarded": "for=10.6.6.6",
        "X_Forwarded_For": "10.6.6.6",
    }
    body = requests.get(f"{edge.url}/api/v1/suppliers/x", headers=lies, timeout=10).json()
    received = [(name, value) for name, value in body["headers"] if "orwarded" in name or "Real" in name]
    host = f"127.0.0.1:{edge.port}"
    assert sorted(received) == [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Proto", "http"),
    ]
    assert ("Host", host) in [tuple(header) for header in body["headers"]]


@pytest.mark.parametrize("given", ["order-7.a_B", "x" * 65, "a b", 'a"b', ""])
def test_the_correlation_id_is_the_callers_or_a_new_one(edge: Edge, given: str) -> None:
    answer = requests.get(f"{edge.url}/api/v1/suppliers/x", headers={"X-Correlation-ID": given}, timeout=10)
    received = dict(answer.json()["headers"])["X-Correlation-ID"]
    assert answer.headers["X-Correlation-ID"] == received
    assert (received == given) if given == "order-7.a_B" else re.fullmatch("[0-9a-f]{32}", received)
    wait_until(lambda: edge.accesses(correlation_id=received))


def test_compressing_weakens_the_etag_and_not_compressing_leaves_it(edge: Edge) -> None:
    url = f"{edge.url}/api/v1/suppliers/x"
    packed = requests.get(url, headers={"Accept-Encoding": "gzip"}, timeout=10)
    plain = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=10)
    assert (packed.headers["Content-Encoding"], packed.headers["ETag"]) == ("gzip", 'W/"7-internal"')
    assert ("Content-Encoding" in plain.headers, plain.headers["ETag"]) == (False, '"7-internal"')
    assert packed.headers["Vary"] == "Accept-Encoding"
    tag = {"If-Match": packed.headers["ETag"], "Content-Type": "application/json"}
    received = requests.put(url, data="{}", headers=tag, timeout=10).json()["headers"]
    assert dict(received)["If-Match"] == 'W/"7-internal"'


def test_security_headers_are_the_services_own_and_not_doubled(edge: Edge) -> None:
    answer = requests.get(f"{edge.url}/api/v1/suppliers/x", timeout=10)
    assert answer.raw.headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert "Strict-Transport-Security" not in answer.headers  # means nothing over plain HTTP
    assert answer.headers["Server"] == "nginx"


def test_a_body_may_hold_1_mb_and_an_import_200(edge: Edge) -> None:
    large, too_large = b"x" * 2**20, b"x" * (2**20 + 1)
    fits = requests.post(f"{edge.url}/api/v1/suppliers/things", data=large, timeout=10)
    assert fits.json()["bytes"] == 2**20
    refused = requests.post(f"{edge.url}/api/v1/suppliers/things", data=too_large, timeout=10)
    assert problem(refused)["type"] == "urn:kedja:problem:too-large"
    chunks = (b"x" * 2**20 for _ in range(20))
    assert (
        requests.post(f"{edge.url}/api/v1/suppliers/imports", data=chunks, timeout=30).json()["bytes"]
        == 20 * 2**20
    )
    head = (
        f"POST /api/v1/suppliers/imports HTTP/1.1\r\nHost: kedja\r\nContent-Length: {200 * 2**20 + 1}\r\n\r\n"
    )
    assert raw(edge, head.encode())[1]["type"] == "urn:kedja:problem:too-large"


def test_an_import_goes_on_while_it_still_comes(edge: Edge, echoes: dict[str, Echo]) -> None:
    echoes["suppliers"].arriving.clear()

    def rows() -> Iterator[bytes]:
        yield b"first"
        assert echoes["suppliers"].arriving.wait(10), "nginx keeps the upload until it is whole"
        yield b"second"

    answer = requests.post(f"{edge.url}/api/v1/suppliers/imports?dry_run=true", data=rows(), timeout=30)
    assert answer.json()["bytes"] == 11


def test_the_way_in_lists_every_services_documentation(edge: Edge) -> None:
    page = requests.get(edge.url, timeout=10)
    assert page.url == f"{edge.url}/docs"
    links = set(re.findall(r'href="([^"]+)"', page.text))
    assert {f"/api/v1/{service}/docs" for service in SERVICES} <= links
    assert {requests.get(edge.url + link, timeout=10).json()["path"] for link in links} == links
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


def test_it_starts_without_a_service_and_finds_it_when_it_is_there(tmp_path: Any) -> None:
    port = free_port()
    edge = Edge(tmp_path, {"audits": port})
    url = f"{edge.url}/api/v1/audits/x"
    away = requests.get(url, timeout=10)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
    assert problem(away)["type"] == "urn:kedja:problem:unavailable"
    echo = Echo("audits", port)
    assert requests.get(url, timeout=10).json()["service"] == "audits"
    echo.stop()
    edge.stop()
    assert [line["upstream_status"] for line in edge.accesses()] == ["502", "200"]


def test_a_service_that_dies_on_us_gets_a_post_only_once(edge: Edge, echoes: dict[str, Echo]) -> None:
    before = len(echoes["audits"].seen)
    answer = requests.post(f"{edge.url}/api/v1/audits/hangs-up", json={}, timeout=10)
    assert (answer.status_code, problem(answer)["type"]) == (503, "urn:kedja:problem:unavailable")
    assert len(echoes["audits"].seen) == before + 1


@pytest.fixture
def tls_edge(tmp_path: Any, echoes: dict[str, Echo]) -> Iterator[Edge]:
    names = ["-subj", "/CN=kedja.example", "-addext", "subjectAltName=DNS:kedja.example,IP:127.0.0.1"]
    files = ["-keyout", str(tmp_path / "tls.key"), "-out", str(tmp_path / "tls.crt")]
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*make, *names, *files], check=True, capture_output=True)
    running = Edge(tmp_path, {"suppliers": echoes["suppliers"].port}, "tls.conf.example")
    yield running
    running.stop()


def test_the_documented_tls_server_sends_hsts_and_refuses_other_names(tls_edge: Edge, tmp_path: Any) -> None:
    named = f"kedja.example:{tls_edge.tls_port}:127.0.0.1"
    curl = ["curl", "-sS", "-D-", "-o/dev/null", "--noproxy", "*", "--cacert", tmp_path / "tls.crt"]

    def ask(url: str) -> str:
        done = subprocess.run([*curl, "--resolve", named, url], capture_output=True, text=True, check=False)
        return done.stdout.lower()

    for path, status in (("/api/v1/suppliers/x", 200), ("/nothing", 404), ("/docs", 200)):
        answer = ask(f"https://kedja.example:{tls_edge.tls_port}{path}")
        assert answer.startswith(f"http/2 {status} "), answer
        assert answer.count("strict-transport-security: max-age=31536000\n") == 1
        assert answer.count("strict-transport-security") == 1
    assert ask(f"{tls_edge.tls_url}/docs") == ""  # another name
    elsewhere = ask(f"{tls_edge.url}/api/v1/suppliers/x?a=b")
    assert elsewhere.startswith("http/1.1 308 ")
    assert "location: https://kedja.example/api/v1/suppliers/x?a=b\n" in elsewhere
