"""Migrations: each once, in order, whole or not at all."""

from __future__ import annotations

import threading
from contextlib import closing

import psycopg2
import pytest

import services
from chassis import migrate

OWN = [name for name, _ in migrate.files("suppliers") if name.startswith("chassis/")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The migrations of a service `sketch` that is there for one test."""
    (tmp_path / "sketch" / "migrations").mkdir(parents=True)
    (tmp_path / "sketch" / "__init__.py").touch()
    monkeypatch.setattr(services, "__path__", [*services.__path__, str(tmp_path)])
    return tmp_path / "sketch" / "migrations"


def ask(dsn, statement):
    with closing(psycopg2.connect(dsn)) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return [row[0] for row in cursor.fetchall()]


def test_each_migration_is_applied_once_in_order_the_chassis_own_first(empty_dsn, folder):
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x int);")
    assert migrate.migrate(empty_dsn, "sketch") == [*OWN, "sketch/0001_first"]
    (folder / "0002_second.sql").write_text("ALTER TABLE a ADD y int; INSERT INTO a VALUES (1, 2);")
    assert migrate.migrate(empty_dsn, "sketch") == ["sketch/0002_second"]
    assert migrate.migrate(empty_dsn, "sketch") == []
    assert ask(empty_dsn, "SELECT y FROM a") == [2]


def test_two_migrators_at_the_same_time_apply_each_migration_once(empty_dsn, folder):
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x int); SELECT pg_sleep(0.3);")
    applied = []
    threads = [
        threading.Thread(target=lambda: applied.extend(migrate.migrate(empty_dsn, "sketch")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(applied) == [*OWN, "sketch/0001_first"]


def test_a_file_that_was_changed_after_it_had_been_applied_is_refused_with_a_sentence(empty_dsn, folder):
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x int);")
    migrate.migrate(empty_dsn, "sketch")
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x bigint);")
    with pytest.raises(
        migrate.MigrationError, match=r"^sketch/0001_first was changed after .* write a new migration"
    ):
        migrate.migrate(empty_dsn, "sketch")


def test_a_migration_that_fails_leaves_nothing_half_done_is_named_and_can_be_mended(empty_dsn, folder):
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x int);")
    (folder / "0002_second.sql").write_text("CREATE TABLE b (x int); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(migrate.MigrationError, match='sketch/0002_second: relation "nowhere" does not exist'):
        migrate.migrate(empty_dsn, "sketch")
    assert ask(empty_dsn, "SELECT relname FROM pg_class WHERE relname IN ('a', 'b')") == ["a"]
    (folder / "0002_second.sql").write_text("CREATE TABLE b (x int);")
    assert migrate.migrate(empty_dsn, "sketch") == ["sketch/0002_second"]


def test_a_service_that_is_not_here_is_named(empty_dsn):
    with pytest.raises(migrate.MigrationError, match="no service called nonesuch"):
        migrate.migrate(empty_dsn, "nonesuch")


def test_what_is_pending_is_known_before_and_after(empty_dsn, folder):
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x int);")
    migrate.migrate(empty_dsn, "sketch")
    (folder / "0002_second.sql").write_text("CREATE TABLE b (x int);")
    with closing(migrate.connect(empty_dsn)) as conn:
        assert migrate.pending(conn, "sketch") == ["sketch/0002_second"]
