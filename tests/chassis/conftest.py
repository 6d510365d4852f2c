"""A database of the chassis' own tests, a broker, proxies before both, and threads that end with the test."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from psycopg2 import connect, sql

import tests.chassis.extra  # noqa: F401  makes services.things importable
from chassis import broker, migrate
from chassis.db import Database
from deploy.local import admin as local_admin
from tests.chassis.bench import Queue, Things
from tests.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def execute_as_admin(admin: local_admin.Admin, statement: str, name: str) -> None:
    """Do what needs an administrator and no transaction."""
    with closing(connect(admin.database_url)) as conn:
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(name=sql.Identifier(name)))


@pytest.fixture
def empty_dsn(admin: local_admin.Admin, namespace: str) -> Iterator[str]:
    """A database with nothing in it."""
    yield from _database(admin, f"{namespace}_empty")


@pytest.fixture(scope="session")
def things_dsn(admin: local_admin.Admin, namespace: str) -> Iterator[str]:
    """The database of the tests' own service, migrated."""
    for dsn in _database(admin, f"{namespace}_things"):
        migrate.migrate(dsn, "things")
        yield dsn


def _database(admin: local_admin.Admin, name: str) -> Iterator[str]:
    execute_as_admin(admin, "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'", name)
    login = admin.database_url.rpartition("/")[0]
    yield f"{login}/{name}"
    execute_as_admin(admin, "DROP DATABASE {name} WITH (FORCE)", name)


@pytest.fixture
def dsn(things_dsn: str) -> str:
    """The database of the tests' own service, empty: these tests may count rows."""
    with closing(connect(things_dsn)) as conn, conn, conn.cursor() as cursor:
        cursor.execute("TRUNCATE outbox, inbox, failed_event, subject_version, thing, seat")
    return things_dsn


@pytest.fixture
def things(dsn: str) -> Iterator[Things]:
    """What the handlers left in the database, and what the backbone keeps there."""
    with closing(Things(dsn)) as opened:
        yield opened


@pytest.fixture
def channel(amqp_url: str) -> Iterator[Any]:
    """A channel of the test's own."""
    with broker.channel(amqp_url) as opened:
        yield opened


@pytest.fixture
def queue(channel: Any) -> Iterator[Queue]:
    """A quorum queue, bound to an exchange, and what is in it."""
    made = Queue(channel)
    yield made
    made.delete()


@pytest.fixture
def before_broker(amqp_url: str) -> Iterator[Proxy]:
    """The broker by way of a proxy."""
    with Proxy(amqp_url) as proxy:
        yield proxy


@pytest.fixture
def before_database(dsn: str) -> Iterator[Proxy]:
    """The database by way of a proxy."""
    with Proxy(dsn) as proxy:
        yield proxy


@pytest.fixture
def proxied_db(before_database: Proxy) -> Iterator[Database]:
    """A pool of connections through the proxy."""
    database = Database(before_database.url, 8)
    yield database
    database.close()


@pytest.fixture
def start() -> Iterator[Callable[[Any], threading.Thread]]:
    """Run a relay or a consumer in a thread until the test ends; one that dies of a fault fails the test."""
    running: list[tuple[Any, threading.Thread]] = []

    def start(part: Any) -> threading.Thread:
        thread = threading.Thread(target=part.run, name=type(part).__name__)
        thread.start()
        running.append((part, thread))
        return thread

    yield start
    for part, _ in running:
        part.stop()
    for _, thread in running:
        thread.join(20)
        assert not thread.is_alive(), thread
