"""What nobody can ever handle is parked at once with a readable reason, and the queue goes on."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from decimal import Decimal
from functools import reduce

import amqp
import pytest
from marshmallow import post_load

from chassis.consume import Consumer
from chassis.events import PREFIX, REQUIRED
from services.things.events import MadeSlice
from tests import backbone
from tests.backbone import wait_until
from tests.chassis.bench import count

SLICES = {"thing_made": MadeSlice}
GOOD = b'{"name": "good"}'

BODIES = {
    b"": "the body is not JSON",
    b'{"name": ': "the body is not JSON",
    b'{"name": "\xff"}': "the body is not JSON",
    b"[" * 2000: "the body is not JSON",
    b"null": "the body breaks MadeSlice: {'_schema': ['Invalid input type.']}",
    b'["name"]': "the body breaks MadeSlice: {'_schema': ['Invalid input type.']}",
    b"{}": "the body breaks MadeSlice: {'name': ['Missing data for required field.']}",
    b'{"name": 7, "size": "big"}': "{'name': ['Not a valid string.'], 'size': ['Not a valid integer.']}",
    b'{"name": "a\\u0000b"}': "the body contains U+0000",
    b'{"name": "\\\\\\u0000"}': "the body contains U+0000",
}
MALFORMED = "an attribute of the envelope is malformed"
ENVELOPES = {
    "no-uuid": ({"id": "no-uuid"}, MALFORMED),
    "id is a number": ({"id": 7}, MALFORMED),
    "very long id": ({"id": "x" * 5000}, MALFORMED),
    "unknown type": ({"type": "thing_eaten"}, "this queue knows no event type 'thing_eaten'"),
    "type is a table": ({"type": {"a": 1}}, "this queue knows no event type {'a': 1}"),
    "type with U+0000": ({"type": "thing\0made"}, "this queue knows no event type 'thing\\x00made'"),
    "no time": ({"time": "yesterday"}, MALFORMED),
    "local time": ({"time": "2026-11-21T11:00:00"}, "time lacks its offset"),
    "time as a date": (
        {"time": datetime(2026, 11, 21, tzinfo=UTC)},
        "an attribute of the envelope is malformed",
    ),
    "time beyond all calendars": ({"time": "9999-12-31T23:59:59-23:59"}, MALFORMED),
    "time before all": ({"time": "0001-01-01T00:00:00+23:59"}, MALFORMED),
    "version is a word": ({"version": "first"}, MALFORMED),
    "version is zero": ({"version": 0}, MALFORMED),
    "version too large": ({"version": str(2**63)}, MALFORMED),
    "subject with U+0000": ({"subject": "a\0b"}, MALFORMED),
    "subject is no text": ({"subject": "a\ud800b"}, MALFORMED),
    "correlation with U+0000": ({"correlationid": "a\0b"}, MALFORMED),
    "subject too long": ({"subject": "x" * 256}, "subject has 256 characters, more than 255"),
    "source too long": ({"source": "x" * 256}, "source has 256 characters, more than 255"),
    "correlation too long": ({"correlationid": "x" * 60_000}, "correlationid has 60000 characters"),
    "cause too long": ({"causationid": "x" * 256}, "causationid has 256 characters, more than 255"),
    "subject is a number": ({"subject": 7}, "subject is no text"),
    "source is a list": ({"source": ["a"] * 50}, "source is no text"),
    "correlation is a table": ({"correlationid": {"a": {"b": 1}}}, "correlationid is no text"),
    "version is true": ({"version": True}, "version is no whole number"),
    "version is a fraction": ({"version": 1.5}, "version is no whole number"),
    "another specversion": ({"specversion": "0.3"}, "specversion is '0.3', not 1.0"),
    "id is no text": ({"id": "a\ud800b"}, MALFORMED),
    "type is no text": ({"type": "a\ud800b"}, "this queue knows no event type"),
}
# What foreign publishers put beside the envelope: none of it may harm, neither alone nor with a bad body.
FOREIGN = {
    "nothing": None,
    "empty": {},
    "NUL": {"x": "a\0b"},
    "an escape that is none": {"x": "\\u0000", "y": "\\\\u0000"},
    "no text": {"x": "a\ud800b", "\ud800": 1},
    "everything": {
        "bytes": b"\xff\x00",
        "time": datetime(2026, 11, 21, tzinfo=UTC),
        "decimal": Decimal("1.5"),
        "float": 1.5,
        "table": {"a": [1, None, True, {"b": -(2**63)}]},
    },
    "deep": {"x": reduce(lambda inner, _: [inner], range(400), 0)},
    "x-death": {"x-death": [{"count": 1, "reason": "rejected", "queue": "q"}], "x-delivery-count": 3},
}


@pytest.fixture
def consumer(queue, db, amqp_url):
    return Consumer(queue.name, SLICES, count, db, amqp_url)


def run_through(queue, consumer, start, things):
    """Start, put a good event behind everything else, and wait until it was handled."""
    start(consumer)
    queue.put("last")
    wait_until(lambda: things.times().get("last"))


def test_a_body_that_is_not_what_the_schema_wants_is_parked_with_its_reason(queue, consumer, start, things):
    for body in BODIES:
        queue.put_raw(backbone.headers("thing_made"), body)
    run_through(queue, consumer, start, things)
    reasons = dict(things.ask("SELECT body, reason FROM failed_event WHERE state = 'parked'"))
    assert {bytes(body) for body in reasons} == set(BODIES)
    for body, reason in reasons.items():
        assert BODIES[bytes(body)] in reason, bytes(body)
    assert things.times() == {"last": 1}


def test_an_envelope_that_is_not_one_is_parked_with_its_reason(queue, consumer, start, things):
    for label, (attributes, _) in ENVELOPES.items():
        queue.put_raw(backbone.headers("thing_made", **attributes), backbone.body({"name": label}))
    run_through(queue, consumer, start, things)
    parked = (
        "SELECT convert_from(body, 'UTF8')::jsonb ->> 'name', reason FROM failed_event WHERE state = 'parked'"
    )
    reasons = dict(things.ask(parked))
    assert set(reasons) == set(ENVELOPES)
    for label, (_, reason) in ENVELOPES.items():
        assert reason in reasons[label], label
    assert things.times() == {"last": 1}


def test_each_attribute_that_is_missing_is_named(queue, consumer, start, things):
    for name in REQUIRED:
        queue.put_raw(backbone.headers("thing_made", **{name: None}), GOOD)
    queue.put_raw({PREFIX + "id": ""}, GOOD)
    run_through(queue, consumer, start, things)
    expected = [f"UnreadableError: the envelope lacks {PREFIX}{name}" for name in REQUIRED]
    everything = ", ".join(PREFIX + name for name in REQUIRED)
    assert sorted(things.reasons()) == sorted(
        [*expected, f"UnreadableError: the envelope lacks {everything}"]
    )


def test_foreign_headers_do_no_harm_beside_a_whole_envelope(queue, consumer, start, things):
    for label, headers in FOREIGN.items():
        queue.put_raw({**backbone.headers("thing_made"), **(headers or {})}, backbone.body({"name": label}))
    run_through(queue, consumer, start, things)
    assert things.times() == dict.fromkeys([*FOREIGN, "last"], 1)
    assert things.failed() == []


def test_foreign_headers_do_no_harm_when_the_message_is_parked(queue, consumer, start, things):
    for label, headers in FOREIGN.items():
        queue.put_raw(headers, label.encode())
    run_through(queue, consumer, start, things)
    kept = things.ask("SELECT body, reason FROM failed_event WHERE state = 'parked'")
    assert sorted(bytes(body).decode() for body, _ in kept) == sorted(FOREIGN)
    assert {reason.partition(" cloudEvents_")[0] for _, reason in kept} == {
        "UnreadableError: the envelope lacks"
    }


def properties(name, value):
    """Return the bytes of AMQP properties with one header: a short name, a type letter and its value."""
    table = struct.pack(">B", len(name)) + name + value
    return struct.pack(">HI", 0x2000, len(table)) + table


@pytest.mark.parametrize(
    "raw",
    [
        properties(b"when", b"T" + struct.pack(">Q", 2**60)),  # a time that no calendar has
        properties(b"\xff\xfe", b"t\x01"),  # a name that is no text
        properties(b"what", b"S" + struct.pack(">I", 2) + b"\xff\xfe"),  # a text that is none
        struct.pack(">H", 0x0080) + b"\x02\xff\xfe",  # message_id is no text
    ],
)
def test_properties_that_the_client_library_can_not_read_are_parked_too(queue, consumer, start, things, raw):
    class Raw(amqp.Message):
        def _serialize_properties(self):
            return raw

    queue.put_raw({}, b"raw", Raw)
    run_through(queue, consumer, start, things)
    assert things.ask("SELECT body, state FROM failed_event")[0][1] == "parked"
    assert things.times() == {"last": 1}


def test_a_replayed_event_that_is_still_unreadable_is_parked_again_in_its_old_place(
    queue, consumer, start, things
):
    queue.put_raw({"b": 1.5, "a": {"y": 1, "x": 2}}, b"no envelope")
    run_through(queue, consumer, start, things)
    before = things.ask("SELECT queue, event_key FROM failed_event")
    things.ask("UPDATE failed_event SET state = 'retry', attempts = 0, next_at = now()")
    assert consumer.retry_one() is True
    assert consumer.retry_one() is False
    assert things.ask("SELECT queue, event_key FROM failed_event WHERE state = 'parked'") == before


def test_the_same_unreadable_message_delivered_twice_is_kept_once(queue, consumer, start, things):
    queue.put_raw({"a": 1}, b"no envelope")
    once = queue.channel.basic_get(queue.name)
    queue.channel.basic_reject(once.delivery_tag, requeue=True)  # the broker counts this in a header
    queue.put_raw({"a": 1}, b"no envelope")
    queue.put_raw({"a": 2}, b"no envelope")
    run_through(queue, consumer, start, things)
    assert things.ask("SELECT headers -> 'a' FROM failed_event ORDER BY 1") == [1, 2]


class Careless(MadeSlice):
    """A slice with a mistake of ours: it raises what marshmallow does not expect."""

    @post_load
    def _shorten(self, data, **_):
        if data["name"] == "poison":
            raise OverflowError("date value out of range")
        return data


def test_a_mistake_in_a_slice_parks_its_event_and_the_queue_goes_on(queue, db, amqp_url, start, things):
    queue.put("01", "poison", "02")
    start(Consumer(queue.name, {"thing_made": Careless}, count, db, amqp_url))
    wait_until(lambda: things.times() == {"01": 1, "02": 1})
    wait_until(lambda: things.failed() == [("poison", "parked", 1)])
    assert "cannot be read as Careless: OverflowError" in things.ask("SELECT reason FROM failed_event")[0]
