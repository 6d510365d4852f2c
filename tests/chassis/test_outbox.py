"""Emitting events: rows in the caller's transaction, with a version per subject."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError, fields

from chassis import outbox
from chassis.events import Event, EventSchema


class ThingHappened(EventSchema):
    type = "thing_happened"
    thing = fields.String(required=True)


ThingHappened.__module__ = "services.suppliers.events"


def happened(subject, thing="x"):
    return Event(schema=ThingHappened, subject=subject, data={"thing": thing})


def test_each_subject_counts_its_own_versions_in_the_order_of_emission(tx, emitted):
    outbox.emit(tx, [happened("b", "1"), happened("a", "2"), happened("b", "3")])
    outbox.emit(tx, [happened("b", "4")])
    assert [(e["subject"], e["version"], e["data"]["thing"]) for e in emitted(tx)] == [
        ("b", 1, "1"),
        ("a", 1, "2"),
        ("b", 2, "3"),
        ("b", 3, "4"),
    ]


def test_an_event_that_breaks_its_schema_is_refused_before_it_is_written(tx, emitted):
    with pytest.raises(ValidationError):
        outbox.emit(tx, [Event(schema=ThingHappened, subject="a", data={"thing": "x", "secret": 1})])
    assert emitted(tx) == []
