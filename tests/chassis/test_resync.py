"""Telling the present state again, and epochs of versions."""

from __future__ import annotations

import threading

import pytest

from chassis import outbox, resync
from tests.backbone import wait_until
from tests.chassis.bench import made

RESTORED = 3 << 40


def names_after(names):
    """A service that tells a thing per name."""

    def tell(_tx, after, limit):
        return made(*[name for name in names if after is None or name > after][:limit])

    return tell


def versions(things):
    return things.ask(
        "SELECT headers ->> 'cloudEvents_subject', (headers ->> 'cloudEvents_version')::bigint,"
        " (headers ->> 'cloudEvents_resync')::boolean FROM outbox ORDER BY id"
    )


def test_what_is_told_again_carries_its_subjects_present_version_and_raises_none(db, things):
    with db.transaction() as tx:
        outbox.emit(tx, made("a", "b", "b"))
    things.ask("DELETE FROM outbox")
    with db.transaction() as tx:
        outbox.restate(tx, made("a", "b"))
        outbox.emit(tx, made("b"))
    assert versions(things) == [("a", 1, True), ("b", 2, True), ("b", 3, None)]


def test_what_was_never_told_is_told_as_its_first_version(db, things):
    with db.transaction() as tx:
        outbox.restate(tx, made("a"))
        outbox.emit(tx, made("a"))
    assert versions(things) == [("a", 1, True), ("a", 2, None)]


def test_in_a_new_epoch_every_version_is_higher_than_all_before_and_counts_on_from_there(db, things):
    with db.transaction() as tx:
        outbox.emit(tx, made("old", "old"))
    things.ask("DELETE FROM outbox")
    things.ask("UPDATE epoch SET epoch = 3")
    try:
        with db.transaction() as tx:
            outbox.restate(tx, made("old", "unknown"))
            outbox.emit(tx, made("old", "new", "old"))
            outbox.emit(tx, made("old"))
    finally:
        things.ask("UPDATE epoch SET epoch = 0")
    assert versions(things) == [
        ("old", RESTORED, True),
        ("unknown", RESTORED, True),
        ("old", RESTORED + 1, None),
        ("new", RESTORED + 1, None),
        ("old", RESTORED + 2, None),
        ("old", RESTORED + 3, None),
    ]


def test_a_resync_tells_everything_once_in_chunks_under_one_correlation_id(dsn, things, monkeypatch):
    monkeypatch.setattr(resync, "CHUNK", 3)
    names = [f"s{number:02}" for number in range(7)]
    assert resync.resync(dsn, [names_after(names), names_after(["t"])]) == 8
    assert things.outbox() == [*names, "t"]
    assert things.ask("SELECT count(DISTINCT headers ->> 'cloudEvents_correlationid') FROM outbox") == [1]
    transactions = things.ask("SELECT count(DISTINCT xmin::text) FROM outbox")
    assert transactions == [4]


def test_a_state_never_travels_under_the_version_of_a_later_one(dsn, db, things):
    """Between reading the state and its version somebody else tells a newer one."""
    with db.transaction() as tx:
        outbox.emit(tx, made("a"))

    def tell(tx, _after, _limit):
        with tx.cursor() as cursor:
            cursor.execute("SELECT version FROM subject_version")
            state = cursor.fetchone().version
        with db.transaction() as other:
            outbox.emit(other, made("a"))
        [event] = made("a")
        event.data["size"] = state
        return [event]

    resync.resync(dsn, [tell])
    told = things.ask(
        "SELECT (headers ->> 'cloudEvents_version')::bigint, (body::jsonb -> 'size')::bigint FROM outbox"
        " WHERE headers::jsonb ? 'cloudEvents_resync'"
    )
    assert told == [(1, 1)]


def test_a_resync_waits_until_the_service_has_published_what_came_before(dsn, things, monkeypatch):
    monkeypatch.setattr(resync, "_MOST_WAITING", 2)
    monkeypatch.setattr(resync, "CHUNK", 2)
    thread = threading.Thread(target=resync.resync, args=(dsn, [names_after(["a", "b", "c"])]))
    thread.start()
    wait_until(lambda: things.outbox() == ["a", "b"])
    things.ask("DELETE FROM outbox")
    thread.join(10)
    assert things.outbox() == ["c"]


def test_a_resync_whose_service_does_not_publish_says_so(dsn, things, monkeypatch):
    monkeypatch.setattr(resync, "_MOST_WAITING", 2)
    monkeypatch.setattr(resync, "CHUNK", 2)
    monkeypatch.setattr(resync, "_PATIENCE_SECONDS", 0.3)
    with pytest.raises(
        resync.ResyncError, match="2 events wait in the outbox and none leaves: does the service run"
    ):
        resync.resync(dsn, [names_after(["a", "b", "c"])])
    assert things.outbox() == ["a", "b"]
