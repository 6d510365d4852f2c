"""What a queue knows already: asked about after a new start, refused by the inbox otherwise."""

from __future__ import annotations

import psycopg2
import pytest
from prometheus_client import REGISTRY

from chassis.consume import Consumer
from chassis.handling import Handling
from services.things.events import MadeSlice
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count, queries

SLICES = {"thing_made": MadeSlice}


def made(name):
    return backbone.received(MadeSlice, {"name": name}, subject=name)


class Seen:
    """A handler, and the names in each batch that it was given."""

    def __init__(self, handle=count):
        self.batches, self._handle = [], handle

    def __call__(self, tx, batch):
        self.batches.append([event.data["name"] for event in batch])
        self._handle(tx, batch)


def count_later(tx, batch):
    """As a handler that has nothing to read: all that it writes goes with the commit."""
    tx.later(queries.count_things, names=[event.data["name"] for event in batch])


@pytest.fixture(params=[count, count_later])
def seen(request):
    return Seen(request.param)


@pytest.fixture
def handling(db, seen):
    """One that has handled a batch in which nothing was known: it does not ask about the next."""
    made_ready = Handling("things.made", SLICES, seen, db)
    made_ready.handle([made("first")])
    seen.batches.clear()
    return made_ready


def test_what_is_known_has_no_second_effect_and_is_asked_about_until_nothing_is_known_any_more(
    handling, seen, things
):
    a, b, c, d = map(made, "abcd")
    handling.handle([a])
    handling.handle([a, b])  # refused as a whole, and gone through without the known one
    handling.handle([b, c])  # asked about
    assert seen.batches == [["a"], ["a", "b"], ["b"], ["c"]]
    handling.handle([d])
    handling.handle([d, c])  # nothing was known in the last one
    assert seen.batches[4:] == [["d"], ["d", "c"]]
    assert things.times() == dict.fromkeys(["first", *"abcd"], 1)
    assert things.ask("SELECT count(*) FROM inbox") == [5]


def test_after_a_refusal_the_next_batch_is_asked_about_though_the_second_try_failed(db, things):
    a, poison, b = made("a"), made("poison"), made("b")

    def handle(tx, batch):
        count(tx, batch)
        if [event.data["name"] for event in batch] == ["poison"]:
            raise KeyError("a bug")

    seen = Seen(handle)
    handling = Handling("things.made", SLICES, seen, db)
    handling.handle([a])
    with pytest.raises(KeyError):
        handling.handle([a, poison])
    handling.handle([a, b])
    assert seen.batches == [["a"], ["a", "poison"], ["poison"], ["b"]]
    assert things.times() == {"a": 1, "b": 1}


def test_what_failed_is_looked_for_by_index_however_little_had_failed_when_the_plan_was_made(db, things):
    things.ask("VACUUM ANALYZE failed_event")
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("SELECT forget_handled('things.made', '{}')")
        cursor.execute("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'failed_event'")
        assert [row.seq_scan for row in cursor] == [0]


def test_an_event_that_comes_twice_in_a_batch_has_its_effect_once(handling, seen, things):
    a, b = map(made, "ab")
    handling.handle([a, b, a])
    assert (seen.batches, things.times()) == ([["a", "b"]], dict.fromkeys(["first", "a", "b"], 1))


def test_an_event_alone_is_not_given_to_a_handler_that_has_had_it(handling, seen, things):
    a = made("a")
    handling.handle_alone(a)
    handling.handle_alone(a)
    assert (seen.batches, things.times()) == ([["a"]], {"first": 1, "a": 1})


def test_a_row_of_the_handler_s_own_that_is_there_already_is_the_handler_s_fault(db, things):
    def insert(tx, batch):
        for event in batch:
            with tx.cursor() as cursor:
                cursor.execute("INSERT INTO thing (name) VALUES (%s)", [event.data["name"]])

    seen = Seen(insert)
    handling = Handling("things.made", SLICES, seen, db)
    handling.handle([made("a")])
    with pytest.raises(psycopg2.errors.UniqueViolation):
        handling.handle([made("a")])
    assert seen.batches == [["a"], ["a"]]
    assert things.ask("SELECT count(*) FROM inbox") == [1]


def test_what_failed_is_forgotten_with_all_that_came_under_its_id_when_it_is_handled(handling, things):
    a, b = map(made, "ab")
    for queue, key, state in (
        ("things.made", f"{a.id}", "parked"),
        ("things.made", f"{a.id}:another", "retry"),
        ("things.made", f"{b.id}", "parked"),
        ("things.other", f"{a.id}", "retry"),
    ):
        things.ask(
            "INSERT INTO failed_event"
            " (queue, event_key, headers, body, state, attempts, next_at, reason, traceback)"
            " VALUES (%(queue)s, %(key)s, '{}', '', %(state)s, 1, now(), '', '')",
            queue=queue,
            key=key,
            state=state,
        )
    things.ask(
        "UPDATE failed_event SET state = 'discarded', discarded_by = 'somebody', discarded_at = now(),"
        " discard_reason = 'a test' WHERE event_key = %(key)s",
        key=f"{b.id}",
    )
    handling.handle([a, b])
    left = things.ask("SELECT queue, event_key FROM failed_event ORDER BY queue")
    assert left == [("things.made", f"{b.id}"), ("things.other", f"{a.id}")]


def test_after_a_new_connection_what_is_known_is_asked_about_before_the_handler_sees_it(
    queue, db, before_broker, start, things
):
    seen = Seen()
    start(Consumer(queue.name, SLICES, seen, db, before_broker.url))
    messages = [(backbone.headers("thing_made"), backbone.body({"name": name})) for name in "ab"]
    for number, message in enumerate(messages):
        queue.put_raw(*message)
        wait_until(lambda number=number: len(things.times()) == number + 1)
    before_broker.cut()
    for message in messages:
        queue.put_raw(*message)
    told = {"queue": queue.name, "type": "thing_made", "outcome": "duplicate"}
    wait_until(lambda: REGISTRY.get_sample_value("events_handled_total", told) == 2)
    assert seen.batches == [["a"], ["b"]]
    assert things.times() == {"a": 1, "b": 1}
