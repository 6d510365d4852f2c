"""The sealer: a gapless order of what is committed, whoever commits when, however many seal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from functools import partial

import pytest

from chassis import sealer, trail
from chassis.chain import Walk
from chassis.db import Database
from tests.backbone import wait_until
from tests.chassis import feeds

WRITERS, WRITES, READERS, SEALERS = 8, 40, 3, 3


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(sealer, "GATHER_SECONDS", 0.001)


@pytest.fixture
def many(dsn):
    database = Database(dsn, WRITERS + READERS + SEALERS)
    yield database
    database.close()


def sealed(things, table="changes", what="id"):
    return things.ask(f"SELECT seq, {what} FROM {table} WHERE seq IS NOT NULL ORDER BY seq")  # noqa: S608


def faults(db):
    with db.transaction() as tx:
        return list(Walk(tx, {}).faults())


def test_rows_are_sealed_in_the_order_of_writing_and_a_late_commit_gets_its_seq_late(db, things):
    with db.transaction() as late:
        trail.wrote(late, "thing", "late", None, {})
        feeds.write(db, "early")
        feeds.seal_all(db)
        assert sealed(things) == [(1, "early")]
    feeds.write(db, "after")
    feeds.seal_all(db)
    assert sealed(things) == [(1, "early"), (2, "late"), (3, "after")]
    assert sealed(things, "audit_trail", "resource_id") == [(1, "early"), (2, "late"), (3, "after")]
    assert faults(db) == []


def test_it_says_whether_there_may_be_more_and_goes_on_where_it_was(db, things, monkeypatch):
    monkeypatch.setattr(sealer, "BATCH", 2)
    feeds.write(db, "a", "b", "c")
    assert [sealer.seal(db) for _ in range(3)] == [True, False, False]
    assert sealed(things) == [(1, "a"), (2, "b"), (3, "c")]
    assert faults(db) == []


def test_one_replica_seals_at_a_time(db, things):
    feeds.write(db, "a")
    with db.transaction() as tx:
        assert sealer.queries.may_seal(tx, key=sealer._LOCK)
        other = []
        with feeds.running(lambda: other.append(sealer.seal(db))):
            pass
        assert other == [False]
        assert sealed(things) == []
    feeds.seal_all(db)
    assert sealed(things) == [(1, "a")]


def test_a_commit_wakes_the_sealer(db):
    db.signal("seal").clear()
    feeds.write(db, "a")
    assert db.signal("seal").is_set()


def test_no_reader_misses_or_repeats_a_change_while_many_write_and_several_seal(many, things):
    names = [[f"{w}/{n}" for n in range(WRITES)] for w in range(WRITERS)]
    written, read = threading.Event(), [None] * READERS

    def seal():
        while not written.is_set():
            sealer.seal(many)

    def finished():
        return written.is_set() and not things_waiting()

    def things_waiting():
        with many.transaction() as tx:
            return any(row.waiting for row in sealer.queries.seals(tx))

    def reader(number):
        read[number] = feeds.read_all(many, finished)

    readers = [partial(reader, number) for number in range(READERS)]
    with feeds.running(*[seal] * SEALERS, *readers):
        with feeds.running(*(partial(feeds.write_slowly, many, its, w) for w, its in enumerate(names))):
            pass
        written.set()
        feeds.seal_all(many)
    everything = sorted(name for its in names for name in its)
    assert [seq for seq, _ in sealed(things)] == list(range(1, len(everything) + 1))
    assert [read[number] == sealed(things) for number in range(READERS)] == [True] * READERS
    assert sorted(name for _, name in sealed(things)) == everything
    assert faults(many) == []


KILLED = """
import sys
from chassis import sealer
from chassis.db import Database
stamp = sealer._seal_changes
def hang(tx):
    stamp(tx)
    print("stamped", flush=True)
    sys.stdin.read()
sealer._seal_changes = hang
sealer.seal(Database(sys.argv[1], 1))
"""


def test_a_sealer_killed_in_mid_batch_has_sealed_nothing_and_another_goes_on(db, dsn, things):
    feeds.write(db, "a", "b")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, dsn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "stamped\n"
        assert sealer.seal(db) is False
        os.kill(process.pid, signal.SIGKILL)
    assert sealed(things) == []
    feeds.write(db, "c")
    wait_until(lambda: sealer.seal(db) or sealed(things))
    assert sealed(things) == [(1, "a"), (2, "b"), (3, "c")]
    assert faults(db) == []


def test_gauges_tell_how_far_it_is_and_what_waits(db, things):
    def gauges():
        with db.transaction() as tx:
            return {(gauge.name, gauge.labels["feed"]): gauge.value for gauge in sealer.gauges(tx)}

    feeds.write(db, "a", "b")
    things.ask("UPDATE changes SET at = now() - interval '60 s'")
    before = gauges()
    assert (before["unsealed_rows", "audit_trail"], before["unsealed_rows", "changes"]) == (2, 2)
    assert 60 <= before["unsealed_oldest_seconds", "changes"] < 120
    feeds.seal_all(db)
    after = gauges()
    assert (after["sealed_seq", "audit_trail"], after["sealed_seq", "changes"]) == (2, 2)
    assert (after["unsealed_rows", "changes"], after["unsealed_oldest_seconds", "changes"]) == (0, 0)


def test_sealing_does_not_search_what_is_sealed(db, things):
    feeds.write(db, *map(str, range(50)))
    feeds.seal_all(db)
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sealer.queries.unsealed_records.sql}", {"limit": 10})
        plan = " ".join(row[0] for row in cursor)
    assert "audit_trail_sealed" not in plan
