"""Contracts between services: golden payloads that their emitters send and all consumers read; bindings."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from marshmallow import Schema, ValidationError, fields

from chassis import catalogue, topology
from chassis.entrypoints import declared
from chassis.installed import installed
from chassis.loading import loader
from chassis.outbox import number
from tests.contracts.payloads import GOLDEN, golden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.events import EventSchema, EventSlice

SERVICES = {name: entry.load() for name, entry in installed().items()}
EMITTED: dict[tuple[str, str], type[EventSchema]] = {
    (name, schema.type): schema for name, service in SERVICES.items() for schema in catalogue.emitted(service)
}
READ: dict[tuple[str, str, str], type[EventSlice]] = {
    (each.queue, each.producer, schema.type): schema
    for service in SERVICES.values()
    for each in declared(service)
    for schema in each.slices
}

emitted = pytest.mark.parametrize(("producer", "event_type"), sorted(EMITTED))
read = pytest.mark.parametrize(
    ("queue", "producer", "event_type"), sorted(key for key in READ if key[1:] in EMITTED)
)


def nested(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The fields of a schema that hold lists of further schemas."""
    for name, field in schema.fields.items():
        if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            yield name, field.inner.schema


def items(payload: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in one of a payload's lists; some may be null."""
    return [item for item in payload[name] if item is not None]


def paths(schema: Schema) -> Iterator[tuple[str, ...]]:
    """The fields that a schema names, those of objects in its lists too."""
    yield from ((name,) for name in schema.fields)
    for name, inner in nested(schema):
        yield from ((name, *path) for path in paths(inner))


def is_required(schema: Schema, path: tuple[str, ...]) -> bool:
    if path[1:]:
        return is_required(dict(nested(schema))[path[0]], path[1:])
    return schema.fields[path[0]].required


def without(payload: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The payload lacking a field, in each object of a list."""
    left = copy.deepcopy(payload)
    for owner in items(left, path[0]) if path[1:] else [left]:
        del owner[path[-1]]
    return left


def grown(payload: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """The payload with a new field in every object that a schema describes."""
    more = payload | {"added_later": {"whatever": [1]}}
    for name, inner in nested(schema):
        more[name] = [item and grown(item, inner) for item in payload[name]]
    return more


def test_every_emitted_event_has_a_golden_payload_and_nothing_else_has() -> None:
    assert sorted(file.stem for file in GOLDEN.iterdir()) == sorted(event_type for _, event_type in EMITTED)


@emitted
def test_an_emitter_accepts_its_golden_payload_and_sends_it_just_so(producer: str, event_type: str) -> None:
    schema, payload = loader(EMITTED[producer, event_type]), golden(event_type)
    assert set(payload) == set(schema.fields)
    assert all(without(payload, path) != payload for path in paths(schema))
    assert orjson.loads(orjson.dumps(schema.load(payload), default=number)) == payload


@emitted
def test_an_emitter_sends_nothing_that_it_does_not_declare(producer: str, event_type: str) -> None:
    with pytest.raises(ValidationError, match="added_later"):
        loader(EMITTED[producer, event_type]).load(golden(event_type) | {"added_later": 1})


@emitted
def test_the_published_schema_names_the_fields_of_the_golden_payload(producer: str, event_type: str) -> None:
    document = json.loads(catalogue.ASYNCAPI.read_text(encoding="utf-8"))
    published = document["components"]["schemas"][EMITTED[producer, event_type].__name__]
    assert set(published["properties"]) == set(golden(event_type))


def test_what_is_read_is_emitted_by_the_producer_that_it_is_expected_from() -> None:
    assert {(producer, event_type) for _, producer, event_type in READ} <= set(EMITTED)


@read
def test_every_consumer_reads_the_golden_payload(queue: str, producer: str, event_type: str) -> None:
    schema, payload = loader(READ[queue, producer, event_type]), golden(event_type)
    assert set(schema.load(payload)) == set(schema.fields)


@read
def test_a_consumer_reads_only_what_is_emitted(queue: str, producer: str, event_type: str) -> None:
    reads, sends = loader(READ[queue, producer, event_type]), loader(EMITTED[producer, event_type])
    assert set(paths(reads)) - set(paths(sends)) == set()


@read
def test_a_field_that_a_producer_adds_is_ignored(queue: str, producer: str, event_type: str) -> None:
    reads, sends = loader(READ[queue, producer, event_type]), loader(EMITTED[producer, event_type])
    payload = golden(event_type)
    assert grown(payload, sends) != payload
    assert reads.load(grown(payload, sends)) == reads.load(payload)


@read
def test_a_missing_field_that_a_consumer_needs_is_noticed(queue: str, producer: str, event_type: str) -> None:
    schema, payload = loader(READ[queue, producer, event_type]), golden(event_type)
    needed = [path for path in paths(schema) if is_required(schema, path)]
    assert needed
    for path in needed:
        with pytest.raises(ValidationError, match=path[-1]):
            schema.load(without(payload, path))


def test_exactly_the_declared_queues_are_bound_to_what_they_read() -> None:
    bound = {
        (each["destination"], each["source"], each["routing_key"]) for each in topology.load()["bindings"]
    }
    assert bound == {
        (queue, topology.exchange_of(producer), event_type) for queue, producer, event_type in READ
    }


def test_every_queue_keeps_messages_on_disk_and_drops_none() -> None:
    queues = {each.pop("name"): each for each in topology.load()["queues"]}
    kept = {"durable": True, "auto_delete": False, "arguments": {"x-queue-type": "quorum"}}
    assert queues == {queue: kept for queue, _, _ in READ}
