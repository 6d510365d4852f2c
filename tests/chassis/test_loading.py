"""Loading is marshmallow's, only faster: the same values of what is right, the same words about the rest."""

from __future__ import annotations

import copy
from typing import Any

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

from chassis.fields import List as AtMost
from chassis.fields import Text
from chassis.loading import loader, reader


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
