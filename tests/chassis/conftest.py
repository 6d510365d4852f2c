"""A database of the chassis' own tests, a broker, proxies before both, and threads that end with the test."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from psycopg2 import connect, sql

import tests.chassis.extra  # noqa: F401  makes services.things importable
from chassis import broker, consume, migrate, relay, topology
from chassis.db import Database
from deploy.local import admin as local_admin
from services.things import items
from tests import backbone, harness
from tests.callers import page_query
from tests.chassis import rows
from tests.chassis.bench import Queue, Things
from tests.conftest import SERVICES
from tests.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


# fmt: off
_TABLES = (
    "outbox", "inbox", "failed_event", "subject_version", "idempotency_key", "thing", "seat", "item",
    "audit_trail", "trail_salt", "changes", "changes_epoch",
)
# fmt: on
_UNSEALED = (
    "UPDATE seal SET seq = 0, hash = CASE WHEN feed = 'audit_trail' THEN decode(repeat('00', 32), 'hex') END"
)


def _emptied(dsn: str) -> str:
    with closing(connect(dsn)) as conn, conn, conn.cursor() as cursor:
        backbone.empty(conn, *_TABLES)
        cursor.execute(_UNSEALED)
    return dsn


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
    return _emptied(things_dsn)


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
def environ(dsn: str, amqp_url: str, tmp_path: Path) -> dict[str, str]:
    """The tests' own database plays that of every service."""
    for service in SERVICES:
        (tmp_path / f"{service}.env").write_text(f"DATABASE_URL={dsn}\nAMQP_URL={amqp_url}\n")
    return {"PATH": os.environ["PATH"], "KEDJA_ENV_DIR": str(tmp_path)}


@pytest.fixture
def kedja(environ: dict[str, str]) -> Callable[..., str]:
    """`kedja(*arguments, status)` as an operator types it; returns what it said."""

    def kedja(*arguments: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "chassis", *arguments]
        nobody = subprocess.DEVNULL
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=60, check=False, stdin=nobody
        )
        assert done.returncode == status, done
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return kedja


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the pauses between two tries short; how often and what is tried stays."""
    monkeypatch.setattr(consume, "_TICK_SECONDS", 0.05)
    monkeypatch.setattr(consume, "_LONGEST_BACKOFF", 0.5)
    monkeypatch.setattr(relay, "_LONGEST_BACKOFF", 0.5)
    monkeypatch.setattr(relay, "_CONFIRM_SECONDS", 2.0)
    monkeypatch.setattr(relay, "_PUT_BACK_SECONDS", 1.5)


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


@pytest.fixture(scope="session")
def live_dsn(admin: local_admin.Admin, namespace: str) -> Iterator[str]:
    """The database of the running service."""
    yield from _database(admin, f"{namespace}_running")


@pytest.fixture(scope="session")
def live_proxies(amqp_url: str, live_dsn: str) -> Iterator[tuple[Proxy, Proxy]]:
    """What stands between the running service and its broker and database."""
    with Proxy(amqp_url) as to_broker, Proxy(live_dsn) as to_database:
        yield to_broker, to_database


@pytest.fixture
def live_broker(live_proxies: tuple[Proxy, Proxy]) -> Iterator[Proxy]:
    """The broker as the running service reaches it; well again after the test."""
    yield live_proxies[0]
    live_proxies[0].resume()
    live_proxies[0].restore()


@pytest.fixture
def live_database(live_proxies: tuple[Proxy, Proxy]) -> Iterator[Proxy]:
    """The database as the running service reaches it; well again after the test."""
    yield live_proxies[1]
    live_proxies[1].resume()
    live_proxies[1].restore()


@pytest.fixture(scope="session")
def platform(
    live_proxies: tuple[Proxy, Proxy], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[harness.Platform]:
    """The tests' own service as a process, with its broker and database behind proxies."""
    folder = tmp_path_factory.mktemp("things")
    consumed = {"things.made": ("things", ["thing_made"])}
    (folder / "topology.json").write_text(topology.text(topology.definitions(["things"], consumed)))
    urls = {"things": {"DATABASE_URL": live_proxies[1].url, "AMQP_URL": live_proxies[0].url}}
    running = harness.Platform(urls, folder, "tests.chassis.extra")
    running.env["things"]["THINGS_TOPOLOGY"] = str(folder / "topology.json")
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(topology, "FILE", folder / "topology.json")
            running.start_all()
        yield running
    finally:
        running.stop_all()


@pytest.fixture
def live_things(platform: harness.Platform, live_dsn: str) -> Iterator[Things]:
    """The running service's database past the proxy, empty."""
    with closing(Things(_emptied(live_dsn))) as opened:
        yield opened


@pytest.fixture
def live_db(live_dsn: str) -> Iterator[Database]:
    """Connections to the running service's database past the proxy."""
    database = Database(live_dsn, 1)
    yield database
    database.close()


@pytest.fixture
def fill(tx: Any) -> Callable[[int, int], None]:
    """Write items in a transaction that is rolled back; `fill(first, last)`, by number."""

    def fill(first: int, last: int) -> None:
        with tx.cursor() as cursor:
            cursor.execute(rows.FILL, {"first": first, "last": last})

    return fill


@pytest.fixture
def page(tx: Any) -> Callable[..., Any]:
    """A page of items; `page(sort, after, limit)`."""

    def page(sort: str | None = None, after: str | None = None, limit: int = 100, **more: Any) -> Any:
        return items.listed(tx, page_query(items.ItemQuery, sort=sort, after=after, limit=limit, **more))

    return page
