"""The pool: who comes when all connections are busy waits, and what was cut is not handed out again."""

from __future__ import annotations

import threading

import psycopg2
import pytest

from chassis.db import Database
from tests.backbone import wait_until


def select(db):
    with db.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("SELECT 1 AS one")
        return cursor.fetchone().one


def occupy(db, number):
    """Open so many transactions at the same time, and end them together."""
    met = threading.Barrier(number)

    def one():
        with db.transaction() as tx, tx.cursor() as cursor:
            cursor.execute("SELECT 1")
            met.wait(10)

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def test_who_comes_when_all_connections_are_busy_waits(before_database):
    db, done = Database(before_database.url, 2), []
    with db.transaction(), db.transaction():
        thread = threading.Thread(target=lambda: done.append(select(db)))
        thread.start()
        assert done == []
        assert before_database.connections == 2
    thread.join(10)
    assert done == [1]
    assert before_database.accepted == 2
    db.close()


def test_after_the_database_was_away_no_transaction_fails_of_what_idled_meanwhile(
    proxied_db, before_database
):
    occupy(proxied_db, 6)
    assert before_database.accepted == 6
    before_database.cut()
    wait_until(lambda: before_database.connections == 0)
    occupy(proxied_db, 6)
    assert before_database.accepted == 12
    proxied_db.close()
    wait_until(lambda: before_database.connections == 0)


def test_a_transaction_is_whole_or_not_at_all_and_wakes_only_when_it_is_through(db, things):
    with pytest.raises(KeyError), db.transaction() as tx:  # noqa: PT012
        with tx.cursor() as cursor:
            cursor.execute("INSERT INTO thing (name) VALUES ('half')")
        tx.wake("mail")
        raise KeyError
    assert things.times() == {}
    assert not db.signal("mail").is_set()
    with db.transaction() as tx:
        with tx.cursor() as cursor:
            cursor.execute("INSERT INTO thing (name) VALUES ('whole')")
        tx.wake("mail")
        assert not db.signal("mail").is_set()
    assert things.times() == {"whole": 1}
    assert db.signal("mail").is_set()


def test_a_connection_is_clean_for_the_next_transaction(db):
    with pytest.raises(psycopg2.Error), db.transaction("a") as tx, tx.cursor() as cursor:
        cursor.execute("SELECT nonsense")
    with db.transaction() as tx:
        assert (tx.correlation_id, tx.wakes) == (None, set())
    assert select(db) == 1


def test_a_database_that_is_away_is_an_operational_error_and_costs_no_place_in_the_pool(
    before_database,
):
    db = Database(before_database.url, 1)
    before_database.refuse()
    for _ in range(3):
        with pytest.raises(psycopg2.OperationalError):
            select(db)
    before_database.restore()
    assert wait_until(lambda: select(db)) == 1
    db.close()
