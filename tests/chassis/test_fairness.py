"""One client's flood: the others are served as before, the ops port answers, events are handled."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections import Counter

import pytest

import tests.chassis.extra  # noqa: F401  makes services.things importable
from chassis import tables
from chassis.bodies import MOST_BYTES, MOST_VALUES
from services.things.service import MOST_PARTS
from tests.backbone import wait_until
from tests.chassis import rows
from tests.chassis.bench import emit
from tests.chassis.wires import Client, head, service
from tests.tokens import OURS

ROUNDS, SAMPLES, PAUSE = 4, 150, 0.01


@pytest.fixture(scope="module")
def fair(platform, live_dsn, tmp_path_factory):
    """The service with the rates that it has by default."""
    rates = {
        "RATE_LIMIT": "6000/minute",
        "RATE_LIMIT_ANONYMOUS": "600/minute",
        "RATE_LIMIT_FAILURES": "30/minute",
    }
    yield from service(
        platform, tmp_path_factory.mktemp("fair"), live_dsn, module="tests.chassis.extra", **rates
    )


def asking(client_id, path=b"/things", accept="application/json"):
    """Return a client's request for a list."""
    bearer = OURS.bearer("national_office", client_id=client_id)["Authorization"]
    headers = (b"Authorization: " + bearer.encode(), b"Accept: " + accept.encode())
    return head(b"GET", path, *headers, token=False)


@contextlib.contextmanager
def flood(platform, connections, request):
    """Let a process flood the service; yields a dict that holds what it was answered, once it has ended."""
    command = [
        sys.executable,
        "-m",
        "tests.chassis.flood",
        platform.env["things"]["HTTP_ADDRESS"],
        str(connections),
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    answered = {}
    try:
        process.stdin.write(request)
        process.stdin.close()
        yield answered
    finally:
        process.terminate()
        process.wait(20)
        answered |= json.loads(process.stdout.read())
        process.stdout.close()


def seconds_taken(platform, samples=SAMPLES):
    """Return how long each of a steady client's requests took, sorted."""
    taken, request = [], asking("steady")
    with Client(platform.env["things"]["HTTP_ADDRESS"]) as connection:
        for _ in range(samples):
            began = time.perf_counter()
            connection.send(request)
            answer = connection.answer()
            taken.append(time.perf_counter() - began)
            assert answer.status == 200, answer
            time.sleep(PAUSE)
    return taken


def at(taken, share):
    return taken[int(len(taken) * share)]


def counted(platform, status):
    """Return how many answers of a status the service has counted."""
    lines = platform.ops("things", "/metrics").text.splitlines()
    found = [
        line
        for line in lines
        if line.startswith("http_request_duration_seconds_count") and f'"{status}"' in line
    ]
    return sum(float(line.rpartition(" ")[2]) for line in found)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("connections", [20, 150])
def test_a_clients_flood_leaves_the_others_p99_within_twice_of_what_it_was(
    fair, live_things, live_db, connections
):
    """In turns, so that whatever else the machine does meets both alike."""
    alone, beside, answers = [], [], Counter()
    for number in range(ROUNDS):
        alone += seconds_taken(fair)
        with flood(fair, connections, asking(f"flooder {connections} {number}")) as answered:
            served = counted(fair, 200)
            wait_until(lambda before=served: counted(fair, 200) > before + 50)
            beside += seconds_taken(fair)
            name = f"meanwhile {connections} {number}"
            emit(live_db, name)
            wait_until(lambda wanted=name: live_things.times().get(wanted) == 1)
            for path in ("/healthz", "/readyz", "/metrics", "/backlog"):
                assert fair.ops("things", path).status_code == 200
        answers.update(answered)
    shown = [
        [round(at(sorted(taken), share) * 1000, 1) for share in (0.5, 0.99)] for taken in (alone, beside)
    ]
    sys.stdout.write(f"p50, p99 in ms alone and beside {connections}: {shown}; flood: {dict(answers)}\n")
    assert answers["200"] > 0
    assert at(sorted(beside), 0.99) < 2 * at(sorted(alone), 0.99), shown


EXPENSIVE = {
    "list": (b"/items?limit=500&sort=note", "application/json"),
    "csv": (b"/items", tables.CSV),
    "workbook": (b"/items", tables.XLSX),
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", EXPENSIVE)
def test_a_flood_of_what_is_expensive_leaves_the_others_p99_within_twice_too(
    fair, live_things, live_db, kind
):
    alone, beside, answers = [], [], Counter()
    with live_db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute(rows.FILL, {"first": 1, "last": 3000})
    for number in range(ROUNDS):
        alone += seconds_taken(fair)
        with flood(fair, 20, asking(f"{kind} {number}", *EXPENSIVE[kind])) as answered:
            served = counted(fair, 200)
            wait_until(lambda before=served: counted(fair, 200) > before)
            beside += seconds_taken(fair)
        answers.update(answered)
    shown = [
        [round(at(sorted(taken), share) * 1000, 1) for share in (0.5, 0.99)] for taken in (alone, beside)
    ]
    sys.stdout.write(f"p50, p99 in ms alone and beside {kind}: {shown}; flood: {dict(answers)}\n")
    assert answers["200"] > 0
    assert at(sorted(beside), 0.99) < 2 * at(sorted(alone), 0.99), shown


def heaviest():
    """Return bodies that are just permitted: what is wrong with them costs more than what is right."""
    wide, long = 999, MOST_PARTS
    each = (MOST_VALUES - long - 2) // long
    return {
        "valid": {"name": "x", "parts": [{"label": "x", "weight": 1}] * long},
        "unknown in many": {"parts": [{str(n): 1 for n in range(each)}] * long},
        "unknown in a few": {
            "parts": [{str(n): 1 for n in range(wide)}] * ((MOST_VALUES - 22) // (wide + 1))
        },
        "unknown at the top": {"x" * 900 + str(n): 1 for n in range(wide)},
        "long texts": {"parts": [{"label": "x" * 400, "weight": 0}] * long},
        "empty": {"parts": [[]] * long},
    }


def posting(client_id, body):
    data = json.dumps(body, separators=(",", ":")).encode()
    assert len(data) < MOST_BYTES
    bearer = OURS.bearer("national_office", client_id=client_id)["Authorization"]
    headers = (b"Authorization: " + bearer.encode(), b"Content-Type: application/json")
    return head(b"POST", b"/weighings", *headers, b"Content-Length: %d" % len(data), token=False) + data


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", heaviest())
def test_a_flood_of_the_heaviest_bodies_leaves_the_others_p99_within_twice_too(fair, live_things, kind):
    alone, beside, answers = [], [], Counter()
    status = 200 if kind == "valid" else 422
    for number in range(ROUNDS):
        alone += seconds_taken(fair)
        with flood(fair, 20, posting(f"{kind} {number}", heaviest()[kind])) as answered:
            served = counted(fair, status)
            wait_until(lambda before=served: counted(fair, status) > before)
            beside += seconds_taken(fair)
            assert fair.ops("things", "/healthz").elapsed.total_seconds() < 1
        answers.update(answered)
    shown = [
        [round(at(sorted(taken), share) * 1000, 1) for share in (0.5, 0.99)] for taken in (alone, beside)
    ]
    sys.stdout.write(f"p50, p99 in ms alone and beside {kind}: {shown}; flood: {dict(answers)}\n")
    assert answers[str(status)] > 0
    assert at(sorted(beside), 0.99) < 2 * at(sorted(alone), 0.99), shown


@pytest.mark.slow
def test_a_flood_is_refused_slowly_and_costs_little(fair, live_things):
    """However many its connections, it gets some 20 refusals a second: their work is a timer's."""
    with flood(fair, 150, asking("beyond")):
        before = counted(fair, 429)
        wait_until(lambda: counted(fair, 429) > before + 20, 60)
        before, began = counted(fair, 429), time.monotonic()
        taken = seconds_taken(fair)
        refused = (counted(fair, 429) - before) / (time.monotonic() - began)
    assert refused < 40
    assert at(sorted(taken), 0.5) < 2


@pytest.mark.slow
def test_what_a_flood_takes_of_connections_is_not_taken_from_others(fair, live_things):
    """150 idle and 40 half-sent requests from one address: another is served."""
    with contextlib.ExitStack() as stack:
        address = fair.env["things"]["HTTP_ADDRESS"]
        for number in range(190):
            connection = stack.enter_context(Client(address, "127.0.0.2"))
            if number >= 150:
                connection.send(asking("slow")[:40])
        assert at(sorted(seconds_taken(fair, 100)), 0.9) < 2
        assert fair.ops("things", "/healthz").status_code == 200
