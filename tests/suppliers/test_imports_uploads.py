"""Files on their way in: taken once, whole, within limits, or not at all."""

from __future__ import annotations

import gzip
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests import tokens
from tests.suppliers.replicas import file_of

if TYPE_CHECKING:
    from tests.suppliers.replicas import Replicas


pytestmark = pytest.mark.usefixtures("empty_replicas")


@pytest.mark.slow
def test_a_file_that_is_sent_again_under_its_key_is_one_import(replicas: Replicas) -> None:
    key = {"Idempotency-Key": "one-file"}
    first, again = (replicas.post(file_of(2), headers=key).json() for _ in range(2))
    assert first == again
    assert replicas.post(file_of(3), headers=key).status_code == 422


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"media_type": "application/pdf"}, 415),
        ({"headers": {"Content-Encoding": "br"}}, 415),
        ({"kind": "hats"}, 422),
        ({"dry-run": "true"}, 422),
        ({"headers": {"Content-Encoding": "gzip"}}, 400),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_kept(
    replicas: Replicas, request_: dict[str, Any], status: int
) -> None:
    assert replicas.post(b"orgnr\n1\n", **request_).status_code == status
    assert replicas.db.ask("SELECT count(*) FROM import_chunk") == [0]


@pytest.mark.slow
def test_what_is_too_large_is_refused_before_it_is_sent_and_while_it_unpacks(replicas: Replicas) -> None:
    answer = replicas.post(b"", headers={"Content-Length": "200000001"})
    assert answer.status_code == 413
    bomb = gzip.compress(bytes(201_000_000), 1)
    assert replicas.post(bomb, headers={"Content-Encoding": "gzip"}).status_code == 413
    assert replicas.db.ask("SELECT count(*) FROM import_chunk") == [0]


@pytest.mark.parametrize("framing", ["Content-Length: 400000", "Transfer-Encoding: chunked"])
def test_an_upload_that_breaks_off_is_no_file(replicas: Replicas, framing: str) -> None:
    url = replicas.running[0].url("suppliers", "/imports?kind=suppliers")
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    lines = [
        f"POST /{path} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: {tokens.OFFICE['Authorization']}",
        "Content-Type: text/csv",
        "Idempotency-Key: broken",
        framing,
    ]
    half = file_of(2000)[:200_000]
    size = f"{len(half):x}\r\n".encode() if "chunked" in framing else b""
    with socket.create_connection((name, int(port)), timeout=60) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode() + size + half)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1000).split()[1] == b"400"
    assert replicas.db.ask("SELECT count(*) FROM import_job") == [0]
    assert replicas.db.ask("SELECT count(*) FROM import_chunk") == [0]
