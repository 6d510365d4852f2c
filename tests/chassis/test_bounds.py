"""How much a body may hold, and what of it is told: a small request must not be much work."""

from __future__ import annotations

import gzip
import itertools
import time
from functools import partial

import pytest
from marshmallow import Schema, ValidationError, fields

from chassis import turns
from chassis.bodies import MOST_VALUES
from chassis.fields import MOST_ITEMS, List
from chassis.http.answering import MOST_FAULTS
from chassis.http.parsing import MOST_MEMBERS
from chassis.http.pointers import pointers
from tests.asking import ask
from tests.chassis import seam


@pytest.fixture
def send(platform, live_things):
    return partial(seam.send, platform, "POST", "/weighings")


def raw(platform, body, **headers):
    """Send bytes as they are."""
    headers = {"Content-Type": "application/json", **headers}
    return ask("POST", platform.url("things", "/weighings"), data=body, headers=headers)


def test_a_thousand_bytes_that_unpack_to_300000_objects_are_refused_at_once(platform, live_things):
    body = gzip.compress(b'{"parts":[' + b"{}," * 299_999 + b"{}]}")
    assert len(body) < 1500
    began = time.monotonic()
    answer = raw(platform, body, **{"Content-Encoding": "gzip"})
    assert seam.told(answer) == (413, "too-large")
    assert answer.json()["detail"] == f"The body may have {MOST_VALUES} items and members in all."
    assert time.monotonic() - began < 2


def test_an_object_has_so_many_members_at_most(send):
    members = {f"m{n}": 1 for n in range(MOST_MEMBERS)}
    assert send(members).status_code == 422
    refused = send({**members, "one": "more"})
    assert seam.told(refused) == (413, "too-large")
    assert refused.json()["detail"] == f"An object of the body may have {MOST_MEMBERS} members."
    assert seam.told(send({"parts": [{**members, "one": "more"}]})) == (413, "too-large")


def test_so_many_faults_are_listed_and_how_many_more_there_are(send):
    errors = send({"name": "x", "parts": [{"label": "x"}] * 150}).json()["errors"]
    places = sorted(f"/parts/{n}/weight" for n in range(150))[:MOST_FAULTS]
    assert errors == [
        *({"pointer": place, "detail": "Missing data for required field."} for place in places),
        {"pointer": "", "detail": "50 more are not listed."},
    ]
    assert len(send({"name": "x", "parts": [{"label": "x"}] * 100}).json()["errors"]) == 100


def test_a_list_that_is_too_long_is_a_fault_of_its_own_and_not_looked_at(send):
    refused = send({"name": "x", "parts": [{}] * 2001})
    assert refused.json()["errors"] == [{"pointer": "/parts", "detail": "Must have at most 2000 items."}]


def test_a_list_has_a_greatest_length_unless_it_says_otherwise():
    names = List(fields.String())
    assert names.deserialize(["x"] * MOST_ITEMS) == ["x"] * MOST_ITEMS
    with pytest.raises(ValidationError, match=f"at most {MOST_ITEMS} items"):
        names.deserialize(["x"] * (MOST_ITEMS + 1))
    with pytest.raises(ValidationError, match="Not a valid list"):
        names.deserialize("xyz")
    with pytest.raises(ValidationError) as refused:
        names.deserialize(["x", 7, None])
    assert sorted(refused.value.messages) == [1, 2]


def test_others_have_their_turn_while_a_long_list_is_loaded(monkeypatch):
    pauses, clock = [], itertools.count(time.monotonic(), turns.SECONDS / 2)
    monkeypatch.setattr(turns.time, "sleep", pauses.append)
    monkeypatch.setattr(turns.time, "monotonic", lambda: next(clock))
    assert List(fields.String()).deserialize(["x"] * 100) == ["x"] * 100
    assert len(pauses) > 20
    assert set(pauses) == {0}


@pytest.mark.parametrize(
    ("body", "places"),
    [
        (b'{"name": "a", "name": "b"}', ["/name"]),
        (b'{"name": "a", "n\\u0061me": "a"}', ["/name"]),
        (b'{"name": "a", "parts": [{"label": "x", "weight": 1}, {"label": "x", "weight": 1, "label": "y"}]}',
         ["/parts/1/label"]),
        (b'{"name": "a", "more": {"a/b": 1, "a/b": 2}, "more": 1}', ["/more"]),
        (b'{"name": "a", "": 1, "": 1, "x": 1.5}', ["/", "/x"]),
    ],
)  # fmt: skip
def test_a_member_that_an_object_has_twice_is_refused_and_named(platform, live_things, body, places):
    answer = raw(platform, body)
    assert seam.told(answer) == (422, "invalid")
    told = {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]}
    assert sorted(told) == places
    assert told[places[0]] == "Is given more than once."


def test_names_that_stand_in_several_objects_or_in_texts_are_not_twice(send):
    parts = [{"label": '{"a":1,"a":2}', "weight": 1}, {"label": '\\":', "weight": 1}]
    assert send({"name": "x", "parts": parts}).json() == {"name": "x", "parts": parts}


class Inner(Schema):
    """What may stand below."""

    here = fields.Integer(required=True)


class Outer(Schema):
    """Everything that messages can be about."""

    values = fields.Dict(fields.Integer(), fields.Nested(Inner))
    inner = fields.Nested(Inner)
    many = fields.Nested(Inner, many=True)
    listed = List(fields.Dict(fields.String(), fields.Integer()))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"values": {"x": {"here": 1}, "1": {"here": "y"}}}, ["/values/1/here", "/values/x"]),
        ({"values": {"value": {"here": "y"}, "key": {}}}, ["/values/key", "/values/key/here", "/values/value",
                                                           "/values/value/here"]),
        ({"inner": {"_schema": 1, "here": 1}}, ["/inner/_schema"]),
        ({"_schema": 1, "inner": 1}, ["/_schema", "/inner"]),
        ({"many": [{"here": 1}, {"here": "x"}, 7]}, ["/many/1/here", "/many/2"]),
        ({"listed": [{"a": 1}, {"a": "x", "value": "y", "_schema": "z"}]},
         ["/listed/1/_schema", "/listed/1/a", "/listed/1/value"]),
        ([], [""]),
    ],
)  # fmt: skip
def test_each_fault_is_where_its_value_is(data, expected):
    with pytest.raises(ValidationError) as refused:
        Outer().load(data)
    assert sorted(pointers(refused.value.messages, "", Outer(), data)) == expected


def test_a_parameter_of_any_name_has_its_own_place(platform, live_things):
    answer = seam.send(platform, "GET", "/items?_schema=1&limit=x")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["?_schema", "?limit"]
