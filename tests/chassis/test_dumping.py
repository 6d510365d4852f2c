"""Dumping is marshmallow's, only faster: the same for plain fields, and for those that are not."""

from __future__ import annotations

from collections import namedtuple
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from marshmallow import Schema, fields, post_dump

from chassis.dumping import dumper
from chassis.loading import loader

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Loud(fields.String):
    def _serialize(self, value, attr, obj, **kwargs):
        return f"{attr}!{value}"


class Part(Schema):
    number = fields.Integer()
    text = fields.String()


class Hooked(Schema):
    text = fields.String()

    @post_dump
    def add(self, data, **_):
        return {**data, "more": 1}


class All(Schema):
    id = fields.UUID()
    text = fields.String()
    renamed = fields.String(data_key="other")
    elsewhere = fields.String(attribute="text", dump_only=True)
    number = fields.Integer()
    as_text = fields.Integer(as_string=True)
    exact = fields.Decimal()
    at = fields.AwareDateTime()
    on = fields.Date()
    yes = fields.Boolean()
    anything = fields.Raw()
    loud = Loud()
    louds = fields.List(Loud())
    louder = fields.Dict(fields.String(), Loud())
    missing = fields.String(dump_default="nothing")
    made = fields.Function(lambda item: "made")
    secret = fields.String(load_only=True)
    part = fields.Nested(Part)
    parts = fields.List(fields.Nested(Part))
    many = fields.Nested(Part, many=True)
    only = fields.Nested(Part(only=["text"]))
    picked = fields.Pluck(Part, "text")
    hooked = fields.Nested(Hooked)
    names = fields.Dict(fields.String(), fields.String())
    by_number = fields.Dict(fields.Integer(), fields.Nested(Part))
    free = fields.Dict()


PART = {"number": 1, "text": "x", "unknown": 2}
WHOLE = {
    "id": UUID(int=1),
    "text": "å",
    "renamed": b"bytes",
    "number": "7",
    "as_text": 7,
    "exact": Decimal("1.50"),
    "at": NOW,
    "on": date(2026, 1, 2),
    "yes": True,
    "anything": {"a": [1]},
    "loud": "l",
    "louds": ["a", None],
    "louder": {"k": "v"},
    "secret": "never",
    "part": PART,
    "parts": [PART, None],
    "many": [PART],
    "only": PART,
    "picked": PART,
    "hooked": {"text": "h"},
    "names": {"sv": "a", "en": None},
    "by_number": {"1": PART},
    "free": {"k": 1},
}
NULLS = dict.fromkeys(WHOLE)


@pytest.mark.parametrize("item", [WHOLE, NULLS, {}, {"parts": []}], ids=["whole", "nulls", "empty", "few"])
def test_it_is_what_marshmallow_makes_of_it(item):
    shown = dumper(All)(item)
    assert shown == loader(All).dump(item)
    assert list(shown) == list(loader(All).dump(item))
    assert "secret" not in shown


def test_rows_and_objects_are_dumped_as_mappings_are():
    row = namedtuple("row", WHOLE)(**WHOLE)
    assert dumper(All)(row) == loader(All).dump(row) == loader(All).dump(WHOLE)


def test_a_schema_with_hooks_is_left_to_itself():
    assert dumper(Hooked)({"text": "h"}) == {"text": "h", "more": 1}
