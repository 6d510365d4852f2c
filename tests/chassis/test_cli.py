"""`kedja` as an operator types it."""

from __future__ import annotations

import json

import click
import pytest

from chassis import migrate, topology
from chassis.cli import cli
from chassis.consume import Consumer
from chassis.events import UnreadableError
from chassis.failures import Message, record
from services.things.events import MadeSlice
from tests import backbone
from tests.chassis.bench import count


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
    assert "no parked event of that kind" in kedja("parked", "replay", "suppliers", "--all", status=1)
    assert f"no parked event {parked[1]}" in kedja("parked", "replay", "suppliers", parked[1], status=1)
    assert "name an event" in kedja("parked", "replay", "suppliers", status=2)
    consumer = Consumer("suppliers.a", {"thing_made": MadeSlice}, count, db, amqp_url)
    assert [consumer.retry_one() for _ in range(3)] == [True, True, False]
    assert things.times() == {"x": 2}


@pytest.mark.slow
def test_parked_replay_by_type_reason_and_age_takes_what_fits_all_of_them(kedja, parked, things):
    things.ask("UPDATE failed_event SET type = 'other' WHERE event_key = %(key)s", key=parked[0])
    things.ask(
        "UPDATE failed_event SET failed_at = now() - interval '3 h' WHERE event_key = %(k)s", k=parked[1]
    )
    things.ask("UPDATE failed_event SET reason = 'KeyError: 100%%' WHERE event_key = %(key)s", key=parked[2])
    retried = "SELECT event_key FROM failed_event WHERE state = 'retry'"
    asked = ("parked", "replay", "suppliers", "--type", "other", "--older-than", "2h")
    assert "no parked event of that kind" in kedja(*asked, status=1)
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
    assert 'a reason is needed: --reason "' in kedja(*asked, parked[0], status=2)  # nobody is there to ask
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


@pytest.mark.slow
@pytest.mark.parametrize("command", ["list", "replay", "discard"])
def test_an_empty_filter_is_not_taken_for_none(kedja, parked, things, command):
    for option in ("--reason-contains", "--queue", "--type"):
        assert "an empty filter" in kedja("parked", command, "suppliers", option, "", status=2)
    assert things.ask("SELECT count(*) FROM failed_event WHERE state = 'parked'") == [3]


@pytest.mark.slow
def test_parked_list_takes_no_limit_that_is_none(kedja, parked):
    assert len(kedja("parked", "list", "suppliers", "--limit", "1").splitlines()) == 2
    for limit in ("-1", "0"):
        assert "--limit" in kedja("parked", "list", "suppliers", "--limit", limit, status=2)


@pytest.mark.slow
def test_parked_show_asks_which_queue_where_an_event_has_failed_on_two(kedja, parked, things):
    things.ask(
        "INSERT INTO failed_event SELECT 'suppliers.b', event_key, type, headers, 'other', state, attempts,"
        " next_at, reason, traceback FROM failed_event WHERE event_key = %(key)s",
        key=parked[0],
    )
    asked = kedja("parked", "show", "suppliers", parked[0], status=2)
    assert f"{parked[0]} has failed on suppliers.a, suppliers.b: say which with --queue" in asked
    assert "body: other" in kedja("parked", "show", "suppliers", parked[0], "--queue", "suppliers.b")


@pytest.mark.slow
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


@pytest.mark.slow
def test_topology_generate_check_agrees_with_the_committed_file_and_sees_one_that_is_stale(
    kedja, tmp_path, monkeypatch
):
    kedja("topology", "generate", "--check")
    committed = topology.FILE.read_text()
    monkeypatch.setattr(topology, "FILE", tmp_path / "definitions.json")
    document = json.loads(committed)
    topology.FILE.write_text(topology.text(document | {"bindings": document["bindings"][1:]}))
    with pytest.raises(click.ClickException, match="is stale: run"):
        cli.main(["topology", "generate", "--check"], standalone_mode=False)
    cli.main(["topology", "generate"], standalone_mode=False)
    assert topology.FILE.read_text() == committed


def test_a_queue_that_is_there_with_other_arguments_is_named_as_the_trouble(kedja, channel):
    name = topology.load()["queues"][0]["name"]
    channel.queue_declare(name, durable=True, auto_delete=False)
    try:
        assert name in kedja("topology", "apply", status=1)
    finally:
        channel.queue_delete(name)
