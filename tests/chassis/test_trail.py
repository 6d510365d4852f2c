"""The audit trail: who wrote what, what of it is personal, and what is left of that after an erasure."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

from marshmallow import Schema, fields

from chassis import sealer, trail
from chassis.chain import Walk
from chassis.trail import Write
from tests.backbone import wait_until

ACTOR = SimpleNamespace(subject="kim", client="upphandling", role="region")
ID = UUID("01938f3e-0000-7000-8000-000000000001")


class Person(Schema):
    """A person."""

    name = fields.String(metadata={"personal": True})
    phones = fields.List(fields.String(metadata={"personal": True}))
    role = fields.String()


class Firm(Schema):
    """What is trailed."""

    title = fields.String()
    founded = fields.Date()
    share = fields.Decimal()
    owner = fields.Nested(Person)
    nick = fields.Pluck(Person, "name")
    people = fields.List(fields.Nested(Person), data_key="folk")
    posts = fields.Dict(fields.String(), fields.Nested(Person))


def firm(**changes):
    return {
        "title": "Ett",
        "founded": datetime(2020, 1, 2, tzinfo=UTC).date(),
        "share": Decimal("1.50"),
        "owner": {"name": "Kim", "role": "chef"},
        "nick": {"name": "Kimmen"},
        "people": [{"name": "Alva", "role": "x", "phones": ["1", "2"]}, {"name": None, "role": "y"}],
        "posts": {"a/b": {"name": "Bo", "role": "z"}},
        "undeclared": "stays out",
    } | changes


def rows(things, columns="action, before, after"):
    return things.ask(f"SELECT {columns} FROM audit_trail ORDER BY id")  # noqa: S608


def test_an_entry_says_who_did_what_and_when_and_adds_a_change(db, things):
    with db.transaction("corr-1", ACTOR) as tx:
        trail.wrote(tx, "firm", ID, None, {"title": "Ett"}, owners={"region": {"14", "01"}})
    columns = (
        "actor_subject, actor_client, actor_role, action, resource, resource_id, before, after, personal"
    )
    assert rows(things, columns) == [
        ("kim", "upphandling", "region", "created", "firm", str(ID), None, {"title": "Ett"}, None)
    ]
    assert rows(things, "correlation_id, seq, hash") == [("corr-1", None, None)]
    assert things.ask("SELECT now() - at < interval '1 minute' FROM audit_trail") == [True]
    assert things.ask("SELECT resource, id, kind, merged_into, owners, seq FROM changes") == [
        ("firm", str(ID), "created", None, {"region": ["01", "14"]}, None)
    ]


def test_nobody_is_named_where_the_service_itself_writes_and_the_next_user_of_a_connection_is_another(
    db, things
):
    for actor in (ACTOR, None):
        with db.transaction(actor=actor) as tx:
            trail.wrote(tx, "firm", ID, None, {"title": "Ett"})
    assert rows(things, "actor_subject, actor_role") == [("kim", "region"), (None, None)]


def test_a_transaction_that_fails_leaves_no_entry(db, things):
    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, None, {"title": "Ett"})
        tx.rollback()
    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, {"title": "Två"}, None)
    assert rows(things) == [("deleted", {"title": "Två"}, None)]


def test_of_a_change_only_what_differs_is_kept_and_nothing_of_none(db, things):
    with db.transaction() as tx:
        before, after = {"a": 1, "b": [1], "gone": 0}, {"a": 1, "b": [1, 2], "new": None}
        trail.wrote(tx, "firm", ID, before, after)
        trail.wrote(tx, "firm", ID, after, dict(after))
    assert rows(things) == [("changed", {"b": [1], "gone": 0}, {"b": [1, 2], "new": None})]
    assert things.ask("SELECT kind FROM changes") == ["changed"]


def test_an_action_may_have_a_name_of_its_own_and_a_merge_says_into_what(db, things):
    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, {"a": 1}, {"a": 2}, action="released")
        trail.wrote_all(tx, "firm", [Write(ID, {"a": 2}, None, into="other")])
    assert rows(things, "action") == ["released", "merged"]
    assert things.ask("SELECT kind, merged_into FROM changes ORDER BY entry") == [
        ("changed", None),
        ("merged", "other"),
    ]


def test_personal_values_enter_as_hashes_only_wherever_they_are(db, things):
    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, None, firm(), schema=Firm)
        hashed = {
            "/after/owner/name": trail.hash_of(tx, "firm", ID, "Kim"),
            "/after/nick": trail.hash_of(tx, "firm", ID, "Kimmen"),
            "/after/folk/0/name": trail.hash_of(tx, "firm", ID, "Alva"),
            "/after/folk/0/phones": trail.hash_of(tx, "firm", ID, ["1", "2"]),
            "/after/posts/a~1b/name": trail.hash_of(tx, "firm", ID, "Bo"),
        }
    [(after, personal)] = rows(things, "after, personal")
    assert after == {
        "title": "Ett",
        "founded": "2020-01-02",
        "share": 1.5,
        "owner": {"role": "chef"},
        "folk": [{"role": "x"}, {"name": None, "role": "y"}],
        "posts": {"a/b": {"role": "z"}},
    }
    assert personal == hashed
    assert all(len(text) == 64 for text in personal.values())


def test_the_same_value_has_the_same_hash_in_one_thing_and_another_in_another(db, things):
    other = UUID(int=7)
    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, None, firm(), schema=Firm)
        trail.wrote(tx, "firm", ID, firm(), firm(owner={"name": "Kim", "role": "ny"}), schema=Firm)
        trail.wrote(tx, "firm", other, None, firm(), schema=Firm)
    first, second, third = rows(things, "personal")
    kim = first["/after/owner/name"]
    assert second == {"/before/owner/name": kim, "/after/owner/name": kim}
    assert third["/after/owner/name"] != kim


def test_a_change_of_a_personal_value_alone_is_seen_though_its_values_are_not(db, things):
    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, firm(nick={"name": "A"}), firm(nick={"name": "B"}), schema=Firm)
    [(before, after, personal)] = rows(things, "before, after, personal")
    assert (before, after, sorted(personal)) == ({}, {}, ["/after/nick", "/before/nick"])
    assert personal["/after/nick"] != personal["/before/nick"]


def test_after_an_erasure_no_value_can_be_confirmed_and_the_chain_still_holds(db, things):
    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, None, firm(), schema=Firm)
    sealer.seal(db)
    [known] = rows(things, "personal")
    with db.transaction() as tx:
        assert trail.hash_of(tx, "firm", ID, "Kim") == known["/after/owner/name"]
        assert trail.forget(tx, "firm", ID) is True
        assert trail.hash_of(tx, "firm", ID, "Kim") is None
        assert trail.forget(tx, "firm", ID) is False
    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, firm(), None, schema=Firm)
        assert trail.hash_of(tx, "firm", ID, "Kim") != known["/after/owner/name"]
    with db.transaction() as tx:
        assert list(Walk(tx, {}).faults()) == []
    assert rows(things, "personal")[0] == known


def test_many_are_written_in_their_order_with_one_statement(db, things):
    with db.transaction() as tx:
        writes = [Write(f"{n:04}", None, firm(title=str(n)), {"region": ["01"]}) for n in range(500)]
        trail.wrote_all(tx, "firm", writes, schema=Firm)
        trail.wrote_all(tx, "firm", [])
    assert rows(things, "resource_id") == [f"{n:04}" for n in range(500)]
    assert things.ask("SELECT id FROM changes ORDER BY entry") == [f"{n:04}" for n in range(500)]
    assert len({row["/after/owner/name"] for row in rows(things, "personal")}) == 500


def test_two_who_write_of_a_new_thing_at_the_same_time_use_one_salt(db, things):
    def second():
        with db.transaction() as tx:
            trail.wrote(tx, "firm", ID, None, firm(), schema=Firm)

    with db.transaction() as tx:
        trail.wrote(tx, "firm", ID, None, firm(), schema=Firm)
        tx.send()
        thread = threading.Thread(target=second)
        thread.start()
        waits = (
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        wait_until(lambda: things.ask(waits))
    thread.join(10)
    first, other = rows(things, "personal")
    assert first == other
    assert None not in first.values()
