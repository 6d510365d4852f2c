"""A service as a process: it starts when it can, stops when it is asked, and dies without losing anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import amqp
import psycopg2
import pytest
import requests

from chassis.events import PREFIX
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import held


def make(platform, name):
    return platform.send("POST", "things", "/things", {"name": name})


@pytest.fixture
def restarted(platform):
    """Whatever the test does to the process, the next one finds it ready."""
    yield
    if platform.processes.get("things") is None or platform.processes["things"].poll() is not None:
        platform.start("things")
    platform.await_ready("things")


def test_sigterm_ends_a_service_within_10_s_with_status_0(platform, restarted, live_things):
    make(platform, "a")
    wait_until(lambda: live_things.times() == {"a": 1})
    logged, began = len(platform.log("things")), time.monotonic()
    assert platform.stop("things", signal.SIGTERM) == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in platform.log("things")[logged:]


def test_a_request_that_runs_at_sigterm_gets_its_answer(platform, restarted, live_things):
    with ThreadPoolExecutor() as pool, held(live_things):
        waits = [pool.submit(platform.send, "POST", "things", "/waits", {}) for _ in range(3)]
        wait_until(lambda: live_things.waiting() == 3)
        stopped = pool.submit(platform.stop, "things", signal.SIGTERM)
        wait_until(lambda: not platform.accepts("things"))
        live_things.release()
        assert [wait.result().status_code for wait in waits] == [200] * 3
        assert stopped.result() == 0


def test_an_answer_that_is_being_read_at_sigterm_is_read_to_its_end(platform, restarted, live_proxies):
    with ThreadPoolExecutor() as pool:
        answer = requests.get(platform.url("things", "/large"), stream=True, timeout=20)
        stopped = pool.submit(platform.stop, "things", signal.SIGTERM)
        wait_until(lambda: live_proxies[0].connections == 0)  # all else has come to its end
        assert sum(len(chunk) for chunk in answer.iter_content(100_000)) == 30_000_000
        assert stopped.result() == 0


@pytest.mark.slow
def test_sigterm_is_over_within_10_s_whatever_still_runs(platform, restarted, live_things, live_broker):
    with ThreadPoolExecutor() as pool, held(live_things):
        wait = pool.submit(platform.send, "POST", "things", "/waits", {})
        wait_until(lambda: live_things.waiting() == 1)
        live_broker.stall()
        began = time.monotonic()
        assert platform.stop("things", signal.SIGTERM) == 0
        assert time.monotonic() - began < 10
        live_broker.resume()
        with pytest.raises(requests.ConnectionError):
            wait.result()


@pytest.mark.slow
def test_sigterm_with_messages_of_20_mb_in_hand_is_over_within_10_s_and_gives_them_back(
    platform, restarted, live_things, live_dsn, channel
):
    """Nothing can be parked until the process has ended: all of them are unfinished."""
    large = [backbone.headers("thing_made", subject=f"large {n}") for n in range(3)]
    channel.confirm_select()
    with closing(psycopg2.connect(live_dsn)) as conn, conn.cursor() as cursor:
        cursor.execute("LOCK TABLE failed_event IN SHARE MODE")
        for headers in large:
            message = amqp.Message(b"x" * 20_000_000, delivery_mode=2, application_headers=headers)
            channel.basic_publish_confirm(message, "", "things.made")
        wait_until(lambda: backbone.others_wait(conn))
        began = time.monotonic()
        assert platform.stop("things", signal.SIGTERM) == 0
        assert time.monotonic() - began < 10
        conn.rollback()
    assert live_things.failed() == []
    platform.start("things")
    due = [(headers[PREFIX + "subject"], "parked", 1) for headers in large]
    wait_until(lambda: sorted(live_things.failed()) == due)
    platform.await_ready("things")
    assert make(platform, "small").status_code == 201
    wait_until(lambda: live_things.times() == {"small": 1})


def test_kill_9_in_the_middle_loses_nothing_and_doubles_nothing(platform, restarted, live_things):
    answered = []

    def make_some(first):
        for number in range(first, first + 60):
            try:
                if make(platform, f"{number:04}").status_code == 201:
                    answered.append(f"{number:04}")
            except requests.ConnectionError:
                return

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(make_some, first) for first in range(0, 1000, 250)]
        wait_until(lambda: len(live_things.times()) > 20)
        platform.stop("things", signal.SIGKILL)
        [run.result() for run in runs]
    platform.start("things")
    platform.await_ready("things")
    wait_until(lambda: set(answered) <= set(live_things.times()))
    wait_until(lambda: not live_things.outbox())
    assert set(live_things.times().values()) == {1}
    assert live_things.failed() == []


def test_writes_succeed_while_the_broker_is_away_and_the_chain_completes_after_its_return(
    platform, live_things, live_broker
):
    live_broker.refuse()
    for name in ("a", "b"):
        assert make(platform, name).status_code == 201
    assert live_things.outbox() == ["a", "b"]
    assert platform.ops("things", "/readyz").status_code == 503
    live_broker.restore()
    wait_until(lambda: live_things.times() == {"a": 1, "b": 1})
    platform.await_ready("things")


@pytest.mark.slow
def test_a_service_starts_while_broker_and_database_are_away_and_is_ready_when_they_are_back(
    platform, restarted, live_things, live_broker, live_database
):
    platform.stop("things", signal.SIGTERM)
    live_broker.refuse()
    live_database.refuse()
    platform.start("things")
    wait_until(lambda: platform.accepts("things", "OPS_ADDRESS"))
    assert platform.ops("things", "/healthz").status_code == 200
    assert platform.ops("things", "/readyz").json() == {
        "database": False,
        "relay": False,
        "things.made": False,
    }
    live_broker.restore()
    live_database.restore()
    platform.await_ready("things")
    make(platform, "a")
    wait_until(lambda: live_things.times() == {"a": 1})


def test_a_database_that_lacks_a_migration_is_not_ready(platform, live_things):
    [row] = live_things.ask(
        "DELETE FROM schema_migration WHERE name = 'things/0001_things' RETURNING name, checksum"
    )
    assert platform.ops("things", "/readyz").json()["database"] is False
    live_things.ask("INSERT INTO schema_migration VALUES (%(name)s, %(sum)s)", name=row[0], sum=row[1])
    platform.await_ready("things")


def test_a_failed_event_is_retried_by_the_running_service_without_being_asked(platform, live_things, channel):
    live_things.ask("ALTER TABLE thing RENAME TO hidden")
    try:
        make(platform, "later")
        wait_until(lambda: live_things.failed() == [("later", "retry", 1)])
    finally:
        live_things.ask("ALTER TABLE hidden RENAME TO thing")
    wait_until(lambda: live_things.times() == {"later": 1})
    assert live_things.failed() == []


def test_a_port_that_is_taken_ends_the_second_process_with_a_status(platform):
    command = [sys.executable, "-m", "tests.chassis.extra", "run", "things"]
    environ = {**os.environ, "KEDJA_ENV_DIR": str(platform.folder)}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert "Address already in use" in ended.stdout + ended.stderr
    assert platform.processes["things"].poll() is None


@pytest.mark.slow
def test_a_database_that_hangs_is_given_up_and_all_is_well_when_it_goes_on(
    platform, restarted, live_things, live_database
):
    assert make(platform, "before").status_code == 201
    live_database.stall()
    with pytest.raises(requests.ReadTimeout):
        make(platform, "during")  # its connection may be in the middle of a statement for up to 20 s
    wait_until(lambda: "the database does not answer" in platform.log("things"), 30)
    assert platform.ops("things", "/healthz").status_code == 200
    assert make(platform, "still").status_code == 503
    live_database.resume()
    wait_until(lambda: make(platform, "after").status_code == 201)
    wait_until(lambda: live_things.times().get("after"))
    platform.await_ready("things")
