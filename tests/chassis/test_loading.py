"""Loading is marshmallow's, only faster: the same values of what is right, the same words about the rest."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from chassis.events import EventSchema
from chassis.fields import List as AtMost
from chassis.fields import Text
from chassis.loading import acceptor, loader, reader
from chassis.outbox import number


class Part(Schema):
    number = fields.Integer(required=True, validate=validate.Range(0, 9))
    text = fields.String(load_default="nothing")


class Others(Schema):
    class Meta:
        unknown = EXCLUDE

    text = Text(20, required=True)


class Kept(Others):
    class Meta:
        unknown = INCLUDE


class Whole(Schema):
    low, high = fields.Integer(), fields.Integer()

    @validates_schema
    def ordered(self, data: Any, **_: Any) -> None:
        if data.get("low", 0) > data.get("high", 9):
            raise ValidationError("Must not be above high.", "low")


class Hooked(Schema):
    text = fields.String()

    @post_load
    def add(self, data: Any, **_: Any) -> Any:
        return {**data, "more": 1}


class All(Schema):
    id = fields.UUID(required=True)
    text = fields.String(validate=[validate.Length(1, 5), validate.OneOf(["a", "bb", "ccc"])])
    renamed = fields.String(data_key="other", allow_none=True)
    elsewhere = fields.String(attribute="not_text")
    shown = fields.String(dump_only=True)
    exact = fields.Decimal(allow_none=True, load_default=None)
    at = fields.AwareDateTime()
    yes = fields.Boolean(load_default=lambda: True)
    anything = fields.Raw(allow_none=True)
    trimmed = fields.String(pre_load=[lambda value: str(value).strip()], post_load=[str.upper])
    texts = fields.List(fields.String(allow_none=True), validate=validate.Length(max=3))
    few = AtMost(fields.Integer(strict=True), most=2)
    named = fields.Dict(fields.String(), fields.Integer())
    part = fields.Nested(Part, allow_none=True)
    parts = fields.List(fields.Nested(Part))
    many = fields.Nested(Part, many=True)
    only = fields.Nested(Part(only=["text"]), unknown=EXCLUDE)
    picked = fields.Pluck(Part, "number")
    others, kept = fields.Nested(Others), fields.Nested(Kept)
    whole, hooked = fields.Nested(Whole), fields.Nested(Hooked)


class Plain(All):
    elsewhere = fields.String()


RIGHT: dict[str, Any] = {
    "id": "01938f3e-5c1b-7c01-9c33-1d2e3f4a5b01",
    "text": "bb",
    "other": None,
    "elsewhere": "x",
    "exact": 1.5,
    "at": "2026-11-21T12:00:00+00:00",
    "yes": False,
    "anything": {"a": [1]},
    "trimmed": " x ",
    "texts": ["a", None],
    "few": [1, 2],
    "named": {"a": 1},
    "part": {"number": 1},
    "parts": [{"number": 1, "text": "x"}, {"number": 2}],
    "many": [{"number": 3}],
    "only": {"text": "x", "number": 99},
    "picked": 4,
    "others": {"text": " x ", "more": 1},
    "kept": {"text": "x", "more": 1},
    "whole": {"low": 1, "high": 2},
    "hooked": {"text": "x"},
}
texts = st.sampled_from(["", "a", "bb", "9"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["number", "text", "low", "high", "more"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def outcome(load: Any, data: Any) -> Any:
    try:
        return load(copy.deepcopy(data))
    except ValidationError as fault:
        return ("refused", fault.messages)


@pytest.mark.parametrize("schema", [All, Plain])
def test_what_is_right_is_the_same(schema: type[Schema]) -> None:
    loaded = reader(schema)(RIGHT)
    assert loaded == loader(schema).load(RIGHT)
    assert list(loaded) == list(loader(schema).load(RIGHT))


@pytest.mark.parametrize("schema", [All, Plain])
def test_whatever_stands_anywhere_has_the_same_outcome(schema: type[Schema]) -> None:
    @given(
        st.dictionaries(st.sampled_from([*RIGHT, "strange"]), values, max_size=2),
        st.sets(st.sampled_from(list(RIGHT)), max_size=2),
    )
    def holds(changed: dict[str, Any], left_out: set[str]) -> None:
        data = {name: value for name, value in {**RIGHT, **changed}.items() if name not in left_out}
        assert outcome(reader(schema), data) == outcome(loader(schema).load, data)

    holds()


WRONG: list[dict[str, Any]] = [
    {"id": 5},
    {"text": "9"},
    {"text": None},
    {"text": ["a"]},
    {"other": 5},
    {"strange": 1},
    {"texts": ["a"] * 4},
    {"texts": [5]},
    {"texts": "a"},
    {"few": [1, 2, 3]},
    {"part": {"number": 12}},
    {"part": {"number": 1, "strange": 1}},
    {"part": []},
    {"parts": [{"number": 1}, {"number": 12}, {}]},
    {"many": {"number": 1}},
    {"many": [None]},
    {"others": {"text": ""}},
    {"whole": {"low": 5, "high": 2}},
    {"only": None},
]


@pytest.mark.parametrize("changed", WRONG)
def test_what_is_wrong_is_refused_in_the_same_words(changed: dict[str, Any]) -> None:
    said = outcome(reader(Plain), RIGHT | changed)
    assert said == outcome(loader(Plain).load, RIGHT | changed)
    assert said[0] == "refused"


@pytest.mark.parametrize("data", [None, [], "x", 1, [RIGHT]])
def test_what_is_no_object_is_refused_alike(data: Any) -> None:
    assert outcome(reader(Plain), data) == outcome(loader(Plain).load, data)


def test_right_values_are_taken_without_asking_marshmallow(monkeypatch: pytest.MonkeyPatch) -> None:
    read = reader(Plain)
    monkeypatch.setattr(loader(Plain), "load", None)
    assert read(RIGHT)["others"] == {"text": "x"}


class Told(EventSchema):
    """Every kind of field that is accepted without being written."""

    type = "told"
    name = fields.String(required=True, validate=validate.Length(1, 5))
    key = fields.UUID(required=True)
    count = fields.Integer(required=True, validate=validate.Range(0, 9))
    truth = fields.Boolean(required=True)
    share = fields.Decimal(
        required=True, allow_none=True, validate=validate.Range(max=100, max_inclusive=False)
    )
    day = fields.Date(required=True)
    moment = fields.AwareDateTime(required=True)
    names = fields.List(fields.String(), required=True)
    perhaps = fields.String()


ACCEPTED = {
    "name": "a",
    "key": UUID(int=7),
    "count": 1,
    "truth": True,
    "share": Decimal("99.5"),
    "day": date(2026, 11, 28),
    "moment": datetime(2026, 11, 28, tzinfo=UTC),
    "names": ["a", "b"],
}
WRONG = {
    "name": ["", "abcdef", 1, None, b"a"],
    "key": [None, "7", 7],
    "count": [10, -1, True, "1", 1.0, None],
    "truth": [None, 1, "true"],
    "share": [
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("1e400"),
        Decimal(100),
        Decimal("99.99999999999999999999"),
        "1",
    ],
    "day": [None, datetime(2026, 11, 28, tzinfo=UTC), "2026-11-28"],
    "moment": [None, datetime(2026, 11, 28), date(2026, 11, 28)],  # noqa: DTZ001  without its offset
    "names": [None, "ab", [1], ["a", None], {"a"}],
    "perhaps": [None],
}


def test_what_the_fields_load_is_accepted():
    accept = acceptor(Told)
    assert accept(ACCEPTED)
    assert accept({**ACCEPTED, "share": None, "names": (), "perhaps": "so"})


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, its in WRONG.items() for value in its])
def test_what_is_not_surely_right_is_not_accepted_unread(name, value):
    assert not acceptor(Told)({**ACCEPTED, name: value})


def test_what_is_missing_or_unknown_is_not_accepted():
    accept = acceptor(Told)
    assert not accept({**ACCEPTED, "more": 1})
    assert not any(accept({key: its for key, its in ACCEPTED.items() if key != left}) for left in ACCEPTED)


@pytest.mark.parametrize(
    "field",
    [
        fields.Date(format="%d.%m.%Y"),
        fields.AwareDateTime(format="timestamp"),
        fields.Boolean(truthy={"ja"}, falsy={"nej"}),
        fields.Integer(pre_load=lambda value: value),
        fields.Float(),
    ],
)
def test_a_field_with_a_form_of_its_own_is_left_to_marshmallow(field):
    schema = type("Own", (EventSchema,), {"own": field, "type": "own", "Meta": EventSchema.Meta})
    values = [date(2026, 11, 28), datetime(2026, 11, 28, tzinfo=UTC), True, 1, 1.5]
    assert not any(acceptor(schema)({"own": value}) for value in values)


@given(st.decimals(allow_nan=True, allow_infinity=True), st.text(max_size=8), st.integers())
def test_what_is_accepted_can_be_read(share, name, count):
    data = {**ACCEPTED, "share": share, "name": name, "count": count}
    if acceptor(Told)(data):
        reader(Told)(orjson.loads(orjson.dumps(data, default=number)))
