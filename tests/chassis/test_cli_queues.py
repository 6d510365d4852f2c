"""`kedja queues`: what waits where, and never a number that misleads."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import amqp
import pytest

from chassis import clock, topology
from chassis.consume import Consumer
from chassis.events import UnreadableError
from chassis.failures import Message, record
from chassis.ids import uuid7
from services.things.events import MadeSlice
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import LOCK, emit, held

QUEUE = "audits.policy"
ASKED = ("queues", "--seconds", "600")


@pytest.fixture
def applied(kedja, channel):
    """All queues, empty; gone after the test."""
    kedja("topology", "apply")
    names = [queue["name"] for queue in topology.load()["queues"]]
    yield names
    for name in names:
        channel.queue_delete(name)


@pytest.fixture
def handled(things):
    """60 events handled within the last ten minutes; the newest of them was emitted three hours ago."""
    emitted = int((clock.now() - timedelta(hours=3)).timestamp() * 1000)
    for number in range(60):
        event = UUID(int=(emitted - number) << 80 | uuid7().int & (1 << 80) - 1)
        things.ask("INSERT INTO inbox VALUES (%(queue)s, %(id)s)", queue=QUEUE, id=str(event))


def table(shown):
    """Return the rows of the tables by their first cell."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines()]
    return {row[0]: row[1:] for row in rows if row}


def until(kedja, name, row):
    """Return the tables once one has such a row."""
    return wait_until(lambda: found if (found := table(kedja(*ASKED)))[name] == row else None)


def test_it_shows_depth_rate_age_and_failures_of_each_queue_and_the_oldest_of_each_outbox(
    kedja, channel, applied, handled, db, things, tmp_path
):
    channel.basic_publish(amqp.Message(b"{}"), "", QUEUE)
    with db.transaction() as tx:
        record(tx, QUEUE, Message(backbone.headers("x"), b""), UnreadableError("no"))
    emit(db, "first", "second")
    things.ask("UPDATE outbox SET created_at = now() - interval '10 min'")
    (tmp_path / "suppliers.env").write_text("DATABASE_URL=postgresql://x:y@127.0.0.1:1/z\n")
    rows = until(kedja, QUEUE, ["1", "0", "0", "0.1", "<= 3 h", "0", "1"])
    assert set(applied) < set(rows)
    assert rows["audits"] == ["2", "10 min", "0", "1"]
    assert rows["suppliers"] == ["?", "?", "?", "?"]
    assert rows["suppliers.rescore"] == ["0", "0", "0", "?", "?", "?", "?"]
    assert rows["notifications.risk"] == ["0", "0", "0", "0.0", "-", "0", "0"]


@pytest.fixture
def in_hand(applied, handled, channel, db, amqp_url, start, things):
    """A message that a consumer holds while its handler waits."""

    def wait(tx, _batch):
        with tx.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])

    with held(things):
        start(Consumer(QUEUE, {"thing_made": MadeSlice}, wait, db, amqp_url))
        headers = backbone.headers("thing_made")
        message = amqp.Message(backbone.body({"name": "a"}), application_headers=headers, delivery_mode=2)
        channel.basic_publish(message, "", QUEUE)
        wait_until(lambda: things.waiting() == 1)
        yield


@pytest.mark.slow
def test_what_is_in_hand_is_never_taken_for_nothing(kedja, in_hand):
    until(kedja, QUEUE, ["0", "<= 500", "1", "0.1", "?", "0", "0"])


@pytest.mark.slow
def test_with_the_management_api_what_is_in_hand_is_counted(kedja, in_hand, admin, tmp_path):
    with (tmp_path / "audits.env").open("a") as env:
        env.write(f"AMQP_MANAGEMENT_URL={admin.management_url}\n")
    rows = until(kedja, QUEUE, ["0", "1", "1", "0.1", "<= 3 h", "0", "0"])
    assert rows["notifications.risk"] == ["0", "0", "0", "0.0", "-", "0", "0"]


@pytest.mark.slow
def test_without_the_broker_or_a_queue_it_shows_what_the_databases_know(kedja, things, handled, tmp_path):
    missing = ["?", "?", "?", "0.1", "?", "0", "0"]
    assert table(kedja(*ASKED))[QUEUE] == missing
    for file in tmp_path.glob("*.env"):
        file.write_text(file.read_text().replace("AMQP_URL=", "AMQP_URL=amqp://x:y@127.0.0.1:1/z#"))
    shown = kedja(*ASKED)
    assert "cannot reach the broker" in shown
    assert table(shown)[QUEUE] == missing
    assert table(shown)["audits"] == ["0", "-", "0", "0"]


@pytest.mark.slow
@pytest.mark.parametrize("seconds", ["0", "-3", "nan", "inf"])
def test_a_rate_is_measured_over_some_time(kedja, seconds):
    assert "is no length of time" in kedja("queues", "--seconds", seconds, status=2)
