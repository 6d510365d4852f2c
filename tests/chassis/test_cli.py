"""`kedja` as an operator types it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from uuid import UUID

import amqp
import click
import pytest

from chassis import clock, migrate, topology
from chassis.cli import cli
from chassis.consume import Consumer
from chassis.events import UnreadableError
from chassis.failures import Message, record
from chassis.ids import uuid7
from services.things.events import MadeSlice
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count, emit
from tests.conftest import SERVICES


@pytest.fixture
def environ(dsn, amqp_url, tmp_path):
    """The tests' own database plays that of every service."""
    found = {"DATABASE_URL": dsn, "AMQP_URL": amqp_url}
    for service in SERVICES:
        (tmp_path / f"{service}.env").write_text("".join(f"{k}={v}\n" for k, v in found.items()))
    return {"PATH": os.environ["PATH"], "KEDJA_ENV_DIR": str(tmp_path)}


@pytest.fixture
def kedja(environ):
    def kedja(*arguments, status=0):
        command = [sys.executable, "-m", "chassis", *arguments]
        done = subprocess.run(
            command,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == status, done
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return kedja


@pytest.fixture
def parked(db):
    """Three parked events of two queues: (key, key, key)."""
    headers = [backbone.headers("thing_made", subject=f"s{n}") for n in range(3)]
    messages = [Message(envelope, b'{"name": "x"}') for envelope in headers]
    for queue, message in zip(["suppliers.a", "suppliers.a", "suppliers.b"], messages, strict=True):
        with db.transaction() as tx:
            record(tx, queue, message, UnreadableError("[/bold] it is [red]wrong[/red]: " + "long " * 60))
    return [message.key for message in messages]


def test_parked_list_shows_each_event_with_its_whole_id_and_its_reason(kedja, parked, things):
    listed = kedja("parked", "list", "suppliers").splitlines()
    assert [line.split() for line in listed[::2]] == [
        [queue, key, "thing_made", "parked"]
        for queue, key in zip(["suppliers.a", "suppliers.a", "suppliers.b"], parked, strict=True)
    ]
    assert ", attempt 1: UnreadableError: [/bold] it is [red]wrong[/red]: long " in listed[1]
    things.ask("UPDATE failed_event SET state = 'retry' WHERE event_key = %(key)s", key=parked[0])
    assert len(kedja("parked", "list", "suppliers").splitlines()) == 4
    assert len(kedja("parked", "list", "suppliers", "--retrying").splitlines()) == 6


def test_parked_show_shows_headers_body_reason_and_traceback(kedja, parked):
    shown = kedja("parked", "show", "suppliers", parked[0])
    for text in (
        '"cloudEvents_subject": "s0"',
        'body: {"name": "x"}',
        "reason: UnreadableError: ",
        "traceback: ",
    ):
        assert text in shown
    assert "has no failed event nonesuch" in kedja("parked", "show", "suppliers", "nonesuch", status=1)


def test_parked_replay_gives_one_a_queues_or_all_back_to_the_running_service(
    kedja, parked, things, queue, db, amqp_url
):
    states = "SELECT event_key, state, attempts FROM failed_event ORDER BY failed_at, event_key"
    assert "1 events will be tried again" in kedja("parked", "replay", "suppliers", parked[1])
    assert things.ask(states) == [
        (parked[0], "parked", 1),
        (parked[1], "retry", 0),
        (parked[2], "parked", 1),
    ]
    assert "1 events" in kedja("parked", "replay", "suppliers", "--queue", "suppliers.b")
    assert "1 events" in kedja("parked", "replay", "suppliers", "--all")
    assert "0 events" in kedja("parked", "replay", "suppliers", "--all")
    assert "name an event" in kedja("parked", "replay", "suppliers", status=2)
    consumer = Consumer("suppliers.a", {"thing_made": MadeSlice}, count, db, amqp_url)
    assert [consumer.retry_one() for _ in range(3)] == [True, True, False]
    assert things.times() == {"x": 2}


def test_parked_replay_by_type_reason_and_age_takes_what_fits_all_of_them(kedja, parked, things):
    things.ask("UPDATE failed_event SET type = 'other' WHERE event_key = %(key)s", key=parked[0])
    things.ask(
        "UPDATE failed_event SET failed_at = now() - interval '3 h' WHERE event_key = %(k)s", k=parked[1]
    )
    things.ask("UPDATE failed_event SET reason = 'KeyError: 100%%' WHERE event_key = %(key)s", key=parked[2])
    retried = "SELECT event_key FROM failed_event WHERE state = 'retry'"
    assert " 0 events" in kedja("parked", "replay", "suppliers", "--type", "other", "--older-than", "2h")
    assert things.ask(retried) == []
    assert " 1 events" in kedja("parked", "replay", "suppliers", "--older-than", "2h")
    assert things.ask(retried) == [parked[1]]
    assert " 1 events" in kedja("parked", "replay", "suppliers", "--reason-contains", "keyerror: 100%")
    assert " 1 events" in kedja("parked", "replay", "suppliers", "--type", "other")
    assert sorted(things.ask(retried)) == sorted(parked)
    assert "is not a time like" in kedja("parked", "replay", "suppliers", "--older-than", "soon", status=2)


def test_parked_discard_keeps_the_event_with_who_when_and_why(kedja, parked, things):
    things.ask("UPDATE failed_event SET state = 'retry' WHERE event_key = %(key)s", key=parked[1])
    asked = ("parked", "discard", "suppliers")
    assert "Why" in kedja(*asked, parked[0], status=130)  # nobody is there to answer
    assert "a reason is needed" in kedja(*asked, parked[0], "--reason", " ", status=2)
    assert "name an event or a filter" in kedja(*asked, "--reason", "no", status=2)
    assert f"discarded {parked[0]}" in kedja(*asked, parked[0], "--reason", "a test's", "--by", "Åsa")
    assert "no parked event" in kedja(*asked, parked[0], "--reason", "again", status=1)
    assert "no parked event" in kedja(*asked, parked[1], "--reason", "no", status=1)
    kept = (
        "SELECT state, discarded_by, discard_reason, now() - discarded_at < '1 min', body FROM failed_event"
    )
    [(*decision, body)] = things.ask(f"{kept} WHERE event_key = %(key)s", key=parked[0])
    assert (decision, bytes(body)) == (["discarded", "Åsa", "a test's", True], b'{"name": "x"}')
    assert parked[0] not in kedja("parked", "list", "suppliers", "--retrying")
    assert "by Åsa: a test's" in kedja("parked", "list", "suppliers", "--discarded")
    assert "discard_reason: a test's" in kedja("parked", "show", "suppliers", parked[0])


def test_a_discarded_event_comes_back_only_by_its_own_id(kedja, parked, things):
    kedja("parked", "discard", "suppliers", "--queue", "suppliers.a", "--reason", "a test's")
    states = "SELECT state, count(*) FROM failed_event GROUP BY state ORDER BY state"
    assert things.ask(states) == [("discarded", 2), ("parked", 1)]
    assert " 1 events" in kedja("parked", "replay", "suppliers", "--all")
    assert " 1 events" in kedja("parked", "replay", "suppliers", parked[0])
    assert things.ask(states) == [("discarded", 1), ("retry", 2)]


def test_migrate_brings_a_database_up_to_date_once_and_says_so(kedja, environ, empty_dsn, tmp_path):
    (tmp_path / "suppliers.env").write_text(f"DATABASE_URL={empty_dsn}\n")
    number = len(migrate.files("suppliers"))
    assert kedja("migrate", "suppliers").endswith(f"suppliers: {number} migrations applied\n")
    assert kedja("migrate", "suppliers") == "suppliers: up to date\n"


def test_what_is_missing_or_away_is_one_sentence(kedja, tmp_path):
    assert "'nonesuch' is not one of" in kedja("migrate", "nonesuch", status=2)
    (tmp_path / "suppliers.env").write_text("DATABASE_URL=postgresql://x:y@127.0.0.1:1/z\n")
    assert "cannot reach" in kedja("parked", "list", "suppliers", status=1)
    (tmp_path / "suppliers.env").write_text("")
    assert "DATABASE_URL of suppliers is not set" in kedja("parked", "list", "suppliers", status=1)
    (tmp_path / "assessments.env").write_text("AMQP_URL=amqp://x:y@127.0.0.1:1/z\n")
    assert "cannot reach" in kedja("topology", "apply", status=1)


def test_topology_generate_check_agrees_with_the_committed_file_and_sees_one_that_is_stale(
    kedja, tmp_path, monkeypatch
):
    kedja("topology", "generate", "--check")
    committed = topology.FILE.read_text()
    monkeypatch.setattr(topology, "FILE", tmp_path / "definitions.json")
    topology.FILE.write_text(committed.replace('"routing_key": "', '"routing_key": "un', 1))
    with pytest.raises(click.ClickException, match="is stale: run"):
        cli.main(["topology", "generate", "--check"], standalone_mode=False)
    cli.main(["topology", "generate"], standalone_mode=False)
    assert topology.FILE.read_text() == committed


def test_topology_apply_declares_everything_twice_over_and_queues_shows_what_waits(kedja, channel, parked):
    for _ in range(2):
        assert "4 exchanges" in kedja("topology", "apply")
    queues = [queue["name"] for queue in topology.load()["queues"]]
    binding = topology.load()["bindings"][0]
    channel.basic_publish(amqp.Message(b"{}"), binding["source"], binding["routing_key"])
    try:
        shown = wait_until(lambda: waiting(kedja("queues"), binding["destination"]))
        for name in queues:
            assert name in shown
        assert ["audits", "0", "-", "0", "3"] in cells(shown)
    finally:
        for name in queues:
            channel.queue_delete(name)


def test_queues_shows_rate_age_and_failures_of_each_queue_and_the_oldest_of_each_outbox(
    kedja, channel, things, db, tmp_path
):
    kedja("topology", "apply")
    names = [queue["name"] for queue in topology.load()["queues"]]
    try:
        channel.basic_publish(amqp.Message(b"{}"), "", "audits.policy")
        handled = "INSERT INTO inbox SELECT 'audits.policy', (%(id)s)::uuid FROM generate_series(1, 1)"
        things.ask(handled, id=str(made_at(clock.now() - timedelta(hours=3))))
        with db.transaction() as tx:
            record(tx, "audits.policy", Message(backbone.headers("x"), b""), UnreadableError("no"))
        emit(db, "first", "second")
        things.ask("UPDATE outbox SET created_at = now() - interval '10 min'")
        (tmp_path / "suppliers.env").write_text("DATABASE_URL=postgresql://x:y@127.0.0.1:1/z\n")
        row = ["audits.policy", "1", "0", "0.1", "<= 3 h", "0", "1"]
        shown = wait_until(lambda: found if row in cells(found := kedja("queues")) else None)
        assert ["audits", "2", "10 min", "0", "1"] in cells(shown)
        assert ["suppliers", "?", "?", "?", "?"] in cells(shown)
        assert "suppliers: cannot reach its database" in shown
    finally:
        for name in names:
            channel.queue_delete(name)


def made_at(moment):
    """Return an id that was made at that moment."""
    made = uuid7()
    return UUID(int=int(moment.timestamp() * 1000) << 80 | made.int & (1 << 80) - 1)


def cells(shown):
    """Return the cells of the tables."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines()]


def waiting(shown, queue):
    """Return what was shown once one message waits in the queue."""
    return shown if [queue, "1", "0", "0.0", "?", "0", "0"] in cells(shown) else None


def test_a_queue_that_is_there_with_other_arguments_is_named_as_the_trouble(kedja, channel):
    name = topology.load()["queues"][0]["name"]
    channel.queue_declare(name, durable=True, auto_delete=False)
    try:
        assert name in kedja("topology", "apply", status=1)
    finally:
        channel.queue_delete(name)
