"""`kedja` as an operator types it."""

from __future__ import annotations

import os
import subprocess
import sys

import amqp
import click
import pytest

from chassis import migrate, topology
from chassis.cli import cli
from chassis.consume import Consumer
from chassis.failures import Message, park
from services.things.events import MadeSlice
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count
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
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
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
            park(tx, queue, message, ValueError("[/bold] it is [red]wrong[/red]: " + "long " * 60))
    return [message.key for message in messages]


def test_parked_list_shows_each_event_with_its_whole_id_and_its_reason(kedja, parked, things):
    listed = kedja("parked", "list", "suppliers").splitlines()
    assert [line.split() for line in listed[::2]] == [
        [queue, key, "thing_made", "parked"]
        for queue, key in zip(["suppliers.a", "suppliers.a", "suppliers.b"], parked, strict=True)
    ]
    assert ", attempt 1: ValueError: [/bold] it is [red]wrong[/red]: long " in listed[1]
    things.ask("UPDATE failed_event SET state = 'retry' WHERE event_key = %(key)s", key=parked[0])
    assert len(kedja("parked", "list", "suppliers").splitlines()) == 4
    assert len(kedja("parked", "list", "suppliers", "--retrying").splitlines()) == 6


def test_parked_show_shows_headers_body_reason_and_traceback(kedja, parked):
    shown = kedja("parked", "show", "suppliers", parked[0])
    for text in ('"cloudEvents_subject": "s0"', 'body: {"name": "x"}', "reason: ValueError: ", "traceback: "):
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


def test_parked_discard_removes_one_parked_event_and_no_other(kedja, parked, things):
    things.ask("UPDATE failed_event SET state = 'retry' WHERE event_key = %(key)s", key=parked[1])
    assert f"discarded {parked[0]}" in kedja("parked", "discard", "suppliers", parked[0])
    assert "no parked event" in kedja("parked", "discard", "suppliers", parked[1], status=1)
    assert things.ask("SELECT event_key FROM failed_event ORDER BY 1") == sorted(parked[1:])


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
        assert ["audits", "0", "0", "3"] in cells(shown)
    finally:
        for name in queues:
            channel.queue_delete(name)


def cells(shown):
    """Return the cells of the tables."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines()]


def waiting(shown, queue):
    """Return what was shown once one message waits in the queue."""
    return shown if [queue, "1", "0"] in cells(shown) else None


def test_a_queue_that_is_there_with_other_arguments_is_named_as_the_trouble(kedja, channel):
    name = topology.load()["queues"][0]["name"]
    channel.queue_declare(name, durable=True, auto_delete=False)
    try:
        assert name in kedja("topology", "apply", status=1)
    finally:
        channel.queue_delete(name)
