"""Clients that are slow, too many, or do not speak HTTP as they should: over real sockets."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time

import pytest

from chassis import heads
from tests.asking import ask
from tests.backbone import wait_until
from tests.chassis.wires import BASE, Client, head, service

JSON = b"Content-Type: application/json"
KEY = b'Idempotency-Key: "k"'


@pytest.fixture(scope="module")
def hasty(platform, live_dsn, tmp_path_factory):
    """The service with deadlines of a second, few connections, and small rates."""
    yield from service(
        platform,
        tmp_path_factory.mktemp("hasty"),
        live_dsn,
        MAX_CONNECTIONS="30",
        MAX_CONNECTIONS_PER_ADDRESS="20",
    )


@pytest.fixture
def client(hasty):
    with contextlib.ExitStack() as stack:

        def make(source="127.0.0.1"):
            return stack.enter_context(Client(hasty.env["things"]["HTTP_ADDRESS"], source))

        yield make


def test_a_connection_serves_one_request_after_the_other(client, live_things):
    connection = client()
    for _ in range(3):
        connection.send(head(b"GET"))
        assert connection.answer().status == 200
    connection.send(head(b"GET") + head(b"GET", b"/nothing"))
    assert [connection.answer().status, connection.answer().status] == [200, 404]


def test_a_head_that_comes_byte_by_byte_is_cut_off_with_408(client):
    connection = client()
    seconds = connection.trickle(head(b"GET", b"/things", *[b"X-Pad: " + b"x" * 50] * 20))
    assert seconds < 3
    answer = connection.answer()
    assert (answer.status, answer.problem) == (408, "request-timeout")
    assert connection.ended()


def test_a_body_that_comes_byte_by_byte_is_cut_off_with_408(client):
    connection = client()
    connection.send(head(b"POST", b"/things", JSON, KEY, b"Content-Length: 1000"))
    assert connection.trickle(b" " * 1000) < 3
    answer = connection.answer()
    assert (answer.status, answer.problem) == (408, "request-timeout")


def test_a_chunked_body_that_comes_byte_by_byte_is_cut_off_too(client):
    connection = client()
    connection.send(head(b"POST", b"/things", JSON, KEY, b"Transfer-Encoding: chunked"))
    assert connection.trickle(b"1\r\n \r\n" * 200) < 10
    answer = connection.answer()
    assert answer.status in {400, 408}


def test_a_connection_that_says_nothing_is_closed_without_a_word(client):
    began = time.monotonic()
    assert client().ended()
    assert 2 < time.monotonic() - began < 6


def test_who_never_reads_the_answer_is_hung_up_on_and_the_service_holds_nothing_for_it(hasty, client):
    connection = client()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.send(head(b"GET", b"/large"))
    wait_until(lambda: '"phase": "answer", "event": "client_too_slow"' in hasty.log("things"))
    read = 0
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.sock.recv(1_000_000):
            read += len(piece)
    assert read < 30_000_000
    assert ask("GET", hasty.url("things", "/things")).status_code == 200


def test_a_large_answer_reaches_who_reads_it(client):
    connection = client()
    connection.send(head(b"GET", b"/large"))
    assert len(connection.answer().body) == 30_000_000


BAD_HEADS = {
    "no method": (b"/ HTTP/1.1\r\n\r\n", 400),
    "another version": (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
    "a space too many": (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "another coding": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400),
    "chunks in 1.0": (b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "a negative length": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    "a length with a sign": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400),
    "a space before the colon": (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 1\r\n\r\n", 400),
    "a folded header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    "a lone CR": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rContent-Length: 5\r\n\r\n", 400),
    "a bare LF after the first line": (b"GET / HTTP/1.1\nHost: x\r\n\r\n", 400),
    "a bare LF after a header": (b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
    "a bare LF at the end": (b"GET / HTTP/1.1\r\nHost: x\r\n\n", 400),
    "a NUL": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
    "an escape": (b"GET / HTTP/1.1\r\nHost: x\r\nA: \x1b[31m\r\n\r\n", 400),
    "a long address": (b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "an endless address": (b"GET /" + b"x" * 300_000, 414),
    "a long header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 10_000 + b"\r\n\r\n", 431),
    "long headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"A: " + b"x" * 2000 + b"\r\n") * 9 + b"\r\n", 431),
    "many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
    "endless headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 100_000, 431),
}


@pytest.mark.parametrize("name", BAD_HEADS)
def test_a_head_that_is_none_is_answered_with_a_problem_and_the_end(client, name):
    raw, status = BAD_HEADS[name]
    connection = client()
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        connection.send(raw)
    answer = connection.answer()
    assert answer.status == status
    assert answer.problem == {400: "malformed", 414: "uri-too-long", 431: "headers-too-large"}[status]
    assert (answer.headers["connection"], answer.headers["x-content-type-options"]) == ("close", "nosniff")
    assert "server" not in answer.headers
    connection.sock.shutdown(socket.SHUT_WR)
    assert connection.ended()


TWICE = {
    "Idempotency-Key": (b"one", b"two"),
    "idempotency-KEY": (b"one", b"one"),
    "X-Correlation-ID": (b"a", b"b"),
    "Authorization": (b"Bearer a", b"Bearer b"),
}


@pytest.mark.parametrize("name", TWICE)
def test_a_header_that_means_one_thing_comes_once(client, name):
    connection = client()
    given = [name.encode() + b": " + value for value in TWICE[name]]
    connection.send(head(b"GET", b"/things", *given, token=False))
    answer = connection.answer()
    assert (answer.status, answer.problem) == (400, "malformed")
    assert json.loads(answer.body)["detail"] == f"There is more than one {name.lower()}."


def test_what_came_in_several_lines_is_one_list_for_everybody_who_asks():
    fields = heads.Fields()
    for name, value in (("Connection", "close"), ("connection", "x"), ("If-Match", '"1-a"')):
        fields.add(name, value)
    assert (fields.get("CONNECTION"), fields.get("if-match"), fields.get("none", 7)) == (
        "close,x",
        '"1-a"',
        7,
    )


def test_a_connection_that_is_to_be_closed_by_any_of_its_lines_is_closed(client):
    connection = client()
    connection.send(head(b"GET", b"/things", b"Connection: close", b"Connection: x-other"))
    assert connection.answer().headers["connection"] == "close"
    assert connection.ended()


TARGETS = {
    b"http://any.example" + BASE + b"/page": 200,
    b"HTTPS://any.example:8443" + BASE + b"/page?x=1": 200,
    b"http://any.example": 404,
    b"http://any.example?x=1": 404,
    BASE + b"/page/": 404,
    BASE + b"//page": 404,
    b"/" + BASE + b"/page": 404,
    b"//any.example" + BASE + b"/page": 404,
    b"http://user@any.example" + BASE + b"/page": 400,
    b"http:///page": 400,
    b"ftp://any.example/": 400,
    b"page": 400,
}


@pytest.mark.parametrize("target", TARGETS)
def test_an_address_may_be_whole_and_one_with_a_slash_too_many_is_another(client, target):
    connection = client()
    connection.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.answer().status == TARGETS[target]


def test_an_empty_line_before_a_request_is_let_past(client, live_things):
    connection = client()
    for _ in range(2):
        connection.send(b"\r\n" + head(b"GET"))
        assert connection.answer().status == 200
    connection.send(b"\r\n\r\n" + head(b"GET"))
    assert connection.answer().status == 400


@pytest.mark.parametrize("method", [b"get", b"Get", b"gET", b"head", b"BREW"])
def test_a_methods_name_is_written_as_it_is(client, method):
    connection = client()
    connection.send(head(method))
    answer = connection.answer()
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_half_a_head_is_no_request(client):
    """Without the rest of its headers a request could mean something else."""
    connection = client()
    connection.send(head(b"GET")[:-30])
    connection.sock.shutdown(socket.SHUT_WR)
    assert connection.ended()


def test_a_header_with_an_underscore_is_not_taken_for_one_with_a_hyphen(client):
    connection = client()
    connection.send(head(b"GET", b"/nothing", b"X_Correlation_ID: mine"))
    assert connection.answer().headers["x-correlation-id"] != "mine"


def test_what_is_too_large_is_refused_before_it_is_sent(client):
    connection = client()
    connection.send(head(b"POST", b"/things", JSON, KEY, b"Content-Length: 1000001", b"Expect: 100-continue"))
    assert connection.answer().problem == "too-large"  # no "100 Continue" before it


def test_who_sends_it_all_the_same_gets_the_answer_and_then_the_end(client):
    connection = client()
    connection.send(head(b"POST", b"/things", JSON, KEY, b"Content-Length: 2000000") + b" " * 2_000_000)
    answer = connection.answer()
    assert (answer.problem, answer.headers["connection"]) == ("too-large", "close")
    assert connection.ended()


_END = b"\r\n{}\r\n0\r\n\r\n"
LAX_CHUNKS = [b"2\n{}\r\n0\r\n\r\n", b"2\r\n{}\n0\r\n\r\n", b"0x2" + _END, b"0_2" + _END, b"+2" + _END]


@pytest.mark.parametrize("chunks", [b"z\r\n", b"5\r\nabc", b"-5\r\nabc\r\n", b"5" * 100_000, *LAX_CHUNKS])
def test_chunks_that_are_none_are_refused(client, chunks):
    connection = client()
    connection.send(head(b"POST", b"/things", JSON, KEY, b"Transfer-Encoding: chunked") + chunks)
    connection.sock.shutdown(socket.SHUT_WR)
    answer = connection.answer()
    assert (answer.status, answer.problem) == (400, "malformed")


def test_a_packed_body_is_taken_and_a_bomb_is_not(client, live_things):
    for content, status in ((b'{"name": "packed"}', 201), (b" " * 50_000_000, 413)):
        body = gzip.compress(content)
        length = b"Content-Length: %d" % len(body)
        key = b'Idempotency-Key: "%d"' % status
        connection = client()
        connection.send(head(b"POST", b"/things", JSON, key, length, b"Content-Encoding: gzip") + body)
        assert connection.answer().status == status


def test_one_address_has_so_many_connections_and_another_is_let_in(hasty, client):
    crowd = [client("127.0.0.2") for _ in range(25)]
    for connection in crowd[20:]:
        assert connection.ended()
    for connection in [*crowd[:20], client("127.0.0.3")]:  # those that were let in are there yet
        connection.send(head(b"GET"))
        assert connection.answer().status == 200
    assert hasty.ops("things", "/healthz").status_code == 200


def test_when_all_connections_are_taken_the_one_idle_for_longest_makes_room(client):
    first = client("127.0.0.4")
    crowd = [client(f"127.0.0.{5 + number % 5}") for number in range(45)]
    crowd[-1].send(head(b"GET"))
    assert crowd[-1].answer().status == 200
    assert first.ended()
