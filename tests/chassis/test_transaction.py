"""Transactions that go to the server seldom: BEGIN rides along, so does `later`, and plans are kept."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import psycopg2
import pytest

from chassis import sql
from chassis.db import Database
from chassis.plans import plan
from tests.backbone import wait_until

INSERT = SimpleNamespace(sql="INSERT INTO thing (name) VALUES (%(name)s); -- the last words\n")
PLANNED = SimpleNamespace(sql="INSERT INTO thing (name) VALUES (%(name)s), (%(name)s || %(more)s)")


@pytest.fixture(autouse=True)
def planned(monkeypatch):
    monkeypatch.setitem(sql.plans, PLANNED.sql, plan("thing_planned", PLANNED.sql))


def ask(tx, statement):
    with tx.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def count(tx):
    return ask(tx, "SELECT count(*) FROM thing")


def test_what_is_asked_for_later_is_there_for_the_next_statement_and_after_the_end(db, things):
    with db.transaction() as tx:
        tx.later(INSERT, name="a")
        assert count(tx) == 1
        tx.later(INSERT, name="b")
        assert things.times() == {}
    assert things.times() == {"a": 1, "b": 1}


def test_a_transaction_that_says_nothing_says_nothing(db, things):
    started = "SELECT xact_start FROM pg_stat_activity WHERE pid = %(pid)s"
    with db.transaction() as tx:
        pid = tx.info.backend_pid
        assert things.ask(started, pid=pid) == [None]
        count(tx)
        assert things.ask(started, pid=pid) != [None]
    assert things.ask(started, pid=pid) == [None]


def test_a_fault_in_what_was_asked_for_later_undoes_everything(db, things):
    with pytest.raises(psycopg2.errors.UniqueViolation), db.transaction() as tx:  # noqa: PT012
        tx.later(INSERT, name="a")
        tx.later(INSERT, name="a")
    assert things.times() == {}


def test_one_who_goes_back_to_a_savepoint_leaves_what_was_asked_for_later(db, things):
    with db.transaction() as tx:
        with tx.cursor() as cursor:
            cursor.execute("SAVEPOINT here")
        tx.later(SimpleNamespace(sql="SELECT nonsense"))
        tx.forget_later()
        with tx.cursor() as cursor:
            cursor.execute("ROLLBACK TO here")
        tx.later(INSERT, name="a")
    assert things.times() == {"a": 1}


def test_it_goes_on_after_an_end_in_the_middle(db, things):
    with db.transaction() as tx:
        tx.later(INSERT, name="a")
        tx.commit()
        assert things.times() == {"a": 1}
        tx.later(INSERT, name="b")
        tx.rollback()
        with tx:
            tx.later(INSERT, name="c")
        assert things.times() == {"a": 1, "c": 1}
        tx.later(INSERT, name="d")
        count(tx)
        assert "d" not in things.times()
    assert things.times() == {"a": 1, "c": 1, "d": 1}


def test_who_only_reads_can_not_write_and_the_next_one_can(db, things):
    with db.transaction(reads=True) as tx:
        assert count(tx) == 0
        assert things.ask(
            "SELECT state FROM pg_stat_activity WHERE pid = %(pid)s", pid=tx.info.backend_pid
        ) == ["idle"]
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction), db.transaction(reads=True) as tx:
        tx.later(INSERT, name="a")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction), db.transaction(reads=True) as tx:
        ask(tx, "INSERT INTO thing (name) VALUES ('a') RETURNING name")
    with db.transaction() as tx:
        tx.later(INSERT, name="b")
    assert things.times() == {"b": 1}


def test_a_plan_is_made_once_a_connection_and_again_if_that_failed(db, things):
    plans = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'thing_planned%'"
    with pytest.raises(psycopg2.errors.UniqueViolation), db.transaction() as tx:  # noqa: PT012
        tx.later(INSERT, name="a")
        tx.later(INSERT, name="a")
        tx.later(PLANNED, name="b", more="c")  # never comes to be prepared
    for name in "bcd":
        with db.transaction() as tx:
            tx.later(PLANNED, name=name, more="+")
            assert ask(tx, plans) == 1
    assert things.times() == {"b": 1, "b+": 1, "c": 1, "c+": 1, "d": 1, "d+": 1}


def test_who_waits_for_a_connection_gets_it_in_the_order_of_coming(dsn):
    db, served, threads = Database(dsn, 1), [], []

    def come(number):
        with db.transaction():
            served.append(number)

    with db.transaction():
        for number in range(5):
            threads.append(threading.Thread(target=come, args=[number]))
            threads[-1].start()
            wait_until(lambda waiting=number + 1: db.usage()["waiting"] == waiting)
    for thread in threads:
        thread.join(10)
    assert served == [0, 1, 2, 3, 4]
    assert db.usage() == {"busy": 0, "idle": 1, "waiting": 0, "size": 1}
    db.close()
