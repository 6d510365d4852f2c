"""The changes as a reader gets them: in order, within its reach, at a bounded cost, also after a restore."""

from __future__ import annotations

from uuid import UUID

import pytest
from marshmallow import ValidationError

from chassis import changes, feeds, sealer, trail
from chassis.access import Identity
from chassis.changes import Change, Position, Resource
from chassis.errors import Conflict, Forbidden, Invalid
from chassis.loading import loader
from tests.chassis.feeds import position, seal_all, write

START = Position()
THING, SEAT = Resource("things:read", owned=True), Resource("seats:read")
RESOURCES = {"thing": THING, "seat": SEAT}
ID = UUID("01938f3e-0000-7000-8000-000000000001")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(sealer, "GATHER_SECONDS", 0.001)


@pytest.fixture
def page(db):
    """Read a page: (ids, next)."""

    def page(since=START, limit=100, **filters):
        with db.transaction() as tx:
            found = changes.since(tx, since, limit, **filters)
        return [item["id"] for item in found["items"]], found["next"]

    return page


def note(db, *rows):
    with db.transaction() as tx:
        changes.note(tx, rows)


def test_what_events_changed_is_noted_in_one_statement_and_read_once_it_is_sealed(db, page):
    note(db)
    note(db, Change("thing", ID), Change("seat", "2", "created"), Change("thing", "3", "merged", None, "4"))
    assert page() == ([], "0-0")
    seal_all(db)
    with db.transaction() as tx:
        found = changes.since(tx, Position(), 100)
    shown = [
        tuple(item[name] for name in ("seq", "resource", "id", "kind", "into")) for item in found["items"]
    ]
    assert shown == [
        (1, "thing", str(ID), "changed", None),
        (2, "seat", "2", "created", None),
        (3, "thing", "3", "merged", "4"),
    ]
    assert found["next"] == "0-3"


def test_pages_follow_each_other_and_next_stays_where_nothing_is_new(db, page):
    write(db, *"abcde")
    seal_all(db)
    assert page(limit=2) == (["a", "b"], "0-2")
    assert page(Position(0, 2), limit=2) == (["c", "d"], "0-4")
    assert page(Position(0, 4), limit=2) == (["e"], "0-5")
    assert page(Position(0, 5), limit=2) == ([], "0-5")


def test_one_kind_of_thing_can_be_asked_for_and_next_moves_past_the_others(db, page):
    note(db, Change("thing", "a"), Change("seat", "b"), Change("thing", "c"), Change("seat", "d"))
    seal_all(db)
    assert page(resources={"seat": SEAT}) == (["b", "d"], "0-4")
    assert page(Position(0, 2), resources={"seat": SEAT}, limit=1) == (["d"], "0-4")
    assert page(resources={}) == ([], "0-4")


def test_a_limited_reader_sees_its_own_and_what_is_everybodys(db, page):
    note(
        db,
        Change("thing", "own", owners={"region": {"01", "12"}, "area": {"C"}}),
        Change("thing", "other", owners={"region": {"02"}}),
        Change("thing", "nobody's", owners={"region": set()}),
        Change("thing", "everybody's"),
        Change("thing", "everybody's too", owners={}),
    )
    seal_all(db)
    everybodys = ["everybody's", "everybody's too"]
    assert page(limits={"region": "01"}) == (["own", *everybodys], "0-5")
    assert page(limits={"region": "02"}) == (["other", *everybodys], "0-5")
    assert page(limits={"region": "0"})[0] == everybodys
    assert page(limits={"area": "C"})[0] == ["own", *everybodys]
    assert page(limits={"auditor": "01"})[0] == everybodys
    assert len(page()[0]) == len(page(limits={})[0]) == 5
    assert page(limits={"region": "01"}, resources={"thing": SEAT})[0] == ["own", *everybodys]
    assert page(limits={"region": "01"}, resources={"thing": THING})[0] == [
        "own"
    ]  # without an owner it is nobody's
    assert len(page(resources={"thing": THING})[0]) == 5


def reader(*scopes, **claims):
    return Identity(
        subject="a", client="a", role="region", scopes=frozenset(scopes), view="regions", claims=claims
    )


@pytest.fixture
def told(db):
    """What a reader is told: ids."""
    note(
        db,
        Change("thing", "own", owners={"region": ["01"]}),
        Change("thing", "other", owners={"region": ["02"]}),
        Change("thing", "forgotten"),
        Change("seat", "seat"),
        Change("secret", "undeclared"),
    )
    seal_all(db)

    def told(actor, **asked):
        query = loader(feeds.ChangesQuery).load(asked)
        with db.transaction() as tx:
            return [item["id"] for item in feeds.changes_since(tx, query, actor, RESOURCES)["items"]]

    return told


def test_a_reader_hears_of_kinds_that_it_may_read_and_of_these_of_its_own(told):
    assert told(reader("changes:read")) == []
    assert told(reader("seats:read", region="01")) == ["seat"]
    assert told(reader("things:read", "seats:read", region="01")) == ["own", "seat"]
    assert told(reader("things:read", "seats:read")) == ["own", "other", "forgotten", "seat"]
    assert told(reader("things:read", "seats:read"), resource="seat") == ["seat"]


def test_who_asks_for_a_kind_that_it_may_not_read_is_refused_and_a_kind_that_there_is_not_is_422(told):
    with pytest.raises(Forbidden, match="seats:read"):
        told(reader("things:read"), resource="seat")
    with pytest.raises(Invalid) as refused:
        told(reader("things:read"), resource="secret")
    assert refused.value.faults == {"?resource": "Must be one of: seat, thing."}


def test_who_may_see_few_of_many_gets_there_in_steps_of_a_bounded_cost(db, page, monkeypatch):
    monkeypatch.setattr(changes, "SPAN", 10)
    note(db, *[Change("thing", n, owners={"region": ["02"]}) for n in range(24)])
    note(db, Change("thing", "own", owners={"region": ["01"]}))
    seal_all(db)
    steps, at = [], Position()
    while not steps or position(steps[-1][1]) != at:
        at = position(steps[-1][1]) if steps else at
        steps.append(page(at, limits={"region": "01"}))
    assert steps == [([], "0-10"), ([], "0-20"), (["own"], "0-25"), ([], "0-25")]


def restore(things, head, epoch):
    """Leave what a restore leaves: an earlier state, and a later epoch."""
    things.ask("DELETE FROM changes WHERE seq > %(head)s", head=head)
    things.ask("UPDATE seal SET seq = %(head)s WHERE feed = 'changes'", head=head)
    things.ask("UPDATE epoch SET epoch = %(epoch)s", epoch=epoch)


@pytest.fixture
def epoch(things):
    yield
    things.ask("UPDATE epoch SET epoch = 0")


@pytest.mark.usefixtures("epoch")
def test_who_has_read_what_a_restore_has_undone_is_told_so_and_others_go_on(db, page, things):
    write(db, *"abcd")
    seal_all(db)
    restore(things, 2, epoch=5)
    with pytest.raises(Conflict):
        page(Position(0, 4))
    assert page(Position(0, 1)) == (["b"], "5-2")
    write(db, *"xyz")
    seal_all(db)
    with pytest.raises(Conflict):  # 4 is another now than the one that was read
        page(Position(0, 4))
    assert page(Position(0, 2)) == (["x", "y", "z"], "5-5")
    assert page(Position(5, 4)) == (["z"], "5-5")
    assert page() == (["a", "b", "x", "y", "z"], "5-5")


@pytest.mark.parametrize("text", ["7", "-1", "0-", "0-x", "1-2-3", "", "9" * 20, f"0-{2**63 - 1}", "٣-٤"])
def test_only_a_next_or_0_is_a_position(text):
    with pytest.raises(ValidationError):
        loader(feeds.ChangesQuery).load({"since": text})


def test_the_declared_queries_and_pages_fit_what_is_read(db, things):
    with db.transaction() as tx:
        trail.wrote(tx, "thing", ID, {"a": 1}, {"a": 2}, owners={"region": ["01"]})
        trail.wrote(tx, "seat", "2", None, {})
    seal_all(db)
    query = loader(feeds.ChangesQuery).load({"since": "0", "resource": "thing", "limit": "1"})
    asks = reader("things:read", region="01")
    with db.transaction() as tx:
        found = loader(feeds.ChangesPage).dump(feeds.changes_since(tx, query, asks, RESOURCES))
    at = found["items"][0].pop("at")
    assert found == {
        "items": [{"seq": 1, "resource": "thing", "id": str(ID), "kind": "changed", "into": None}],
        "next": "0-1",
    }
    assert things.ask("SELECT at = %(at)s::timestamptz FROM changes WHERE seq = 1", at=at) == [True]
    assert loader(feeds.ChangesQuery).load({"since": found["next"]})["since"] == Position(0, 1)


@pytest.fixture
def entries(db):
    """Read the trail as the API answers it."""

    def entries(**asked):
        query = loader(feeds.TrailQuery).load({name: str(value) for name, value in asked.items()})
        with db.transaction() as tx:
            return loader(feeds.TrailPage).dump(feeds.trail_since(tx, query, RESOURCES))

    return entries


def test_the_trail_is_read_by_thing_kind_and_person_in_the_order_of_the_chain(db, entries, things):
    kim = type("Kim", (), {"subject": "kim", "client": "c", "role": "region"})
    with db.transaction("corr", kim) as tx:
        trail.wrote(tx, "thing", ID, {"a": 1}, {"a": 2})
        trail.wrote(tx, "seat", "2", None, {"b": 1})
    with db.transaction() as tx:
        trail.wrote(tx, "thing", "3", None, {"a": 1})
    assert entries() == {"items": [], "next": "0-0"}
    seal_all(db)
    [first] = entries(id=ID)["items"]
    [(at, sealed)] = things.ask("SELECT at, encode(hash, 'hex') FROM audit_trail WHERE seq = 1")
    assert first == {
        "seq": 1,
        "at": at.isoformat(),
        "actor": {"subject": "kim", "client": "c", "role": "region"},
        "action": "changed",
        "resource": "thing",
        "id": str(ID),
        "before": {"a": 1},
        "after": {"a": 2},
        "personal": None,
        "correlation_id": "corr",
        "hash": sealed,
    }

    def seqs(**asked):
        found = entries(**asked)
        return [item["seq"] for item in found["items"]], found["next"]

    assert seqs(resource="thing") == ([1, 3], "0-3")
    assert seqs(resource="seat", id=ID) == ([], "0-3")
    assert seqs(actor="kim") == ([1, 2], "0-3")
    assert seqs(limit=2) == ([1, 2], "0-2")
    assert seqs(since="0-2") == ([3], "0-3")
    assert seqs(since="0-3") == ([], "0-3")
    assert entries(since="0-2")["items"][0]["actor"] is None


@pytest.mark.usefixtures("epoch")
def test_a_place_that_was_never_given_or_is_lost_is_told_alike_by_both_feeds(db, page, entries, things):
    write(db, *"abc")
    seal_all(db)
    for since in ("0-4", "7-1"):
        with pytest.raises(Conflict, match="never given"):
            page(position(since))
        with pytest.raises(Conflict, match="never given"):
            entries(since=since)
    things.ask("ALTER TABLE audit_trail DISABLE TRIGGER USER")
    things.ask("DELETE FROM audit_trail WHERE seq > 1")
    [first] = things.ask("SELECT hash FROM audit_trail WHERE seq = 1")
    things.ask("UPDATE seal SET seq = 1, hash = %(hash)s WHERE feed = 'audit_trail'", hash=first)
    restore(things, 1, epoch=5)
    write(db, *"xyz")
    seal_all(db)
    for since in ("0-2", "0-3"):  # other entries now than those that were read
        with pytest.raises(Conflict, match="undone"):
            entries(since=since)
    assert [item["seq"] for item in entries(since="0-1")["items"]] == [2, 3, 4]
    assert entries(since="5-3")["next"] == "5-4"
