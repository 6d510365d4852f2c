"""What every test may use: real databases and a real broker in namespaces of this run's own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from chassis import migrate
from chassis.db import Database, Transaction, connect
from chassis.transaction import Cursor
from deploy.local import admin as local_admin
from deploy.local import provision
from tests import backbone, harness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.events import EventSlice, Received

# What a test finds must not depend on how busy the machine is
hypothesis.settings.register_profile(
    "kedja", deadline=None, max_examples=int(os.environ.get("KEDJA_EXAMPLES", "40"))
)
hypothesis.settings.load_profile("kedja")

SERVICES = ("suppliers", "assessments", "audits", "notifications")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what starts all services first: it takes longest, and several processes share the files."""
    costly = {"platform", "chain", "replicas", "trial"}
    items.sort(key=lambda item: not costly & set(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def admin() -> local_admin.Admin:
    """Who may create databases and vhosts on the servers of `make infra`."""
    return local_admin.load()


@pytest.fixture(scope="session")
def namespace(admin: local_admin.Admin) -> Iterator[str]:
    """A name of this run's own, so that runs beside each other and beside a demo do not meet."""
    name = f"{admin.namespace}_test_{os.getpid()}"
    yield name
    provision.drop(name, admin)


@pytest.fixture(scope="session")
def dsns(admin: local_admin.Admin, namespace: str) -> dict[str, str]:
    """Migrated databases for the use-case tests: service -> DATABASE_URL."""
    urls = provision.provision_databases(namespace, admin)
    for service, dsn in urls.items():
        migrate.migrate(dsn, service)
    return urls


@pytest.fixture(scope="session")
def amqp_url(admin: local_admin.Admin, namespace: str) -> str:
    """A vhost of this run's own."""
    return provision.provision_vhost(namespace, admin)


@pytest.fixture
def service(request: pytest.FixtureRequest) -> str:
    """The service that a test is about: its folder's name."""
    name = request.path.parent.name
    return name if name in SERVICES else "suppliers"


@pytest.fixture
def dsn(dsns: dict[str, str], service: str) -> str:
    """The service's database."""
    return dsns[service]


@pytest.fixture
def db(dsn: str) -> Iterator[Database]:
    """The service's database for tests that commit: with ids of their own, and no events left for others."""
    database = Database(dsn, 8)
    yield database
    with database.transaction() as tx, tx.cursor() as cursor:
        cursor.execute("DELETE FROM outbox")
    database.close()


@pytest.fixture(scope="session")
def connections() -> Iterator[dict[str, Transaction]]:
    """The connections that tests take turns with, by URL: to make one costs more than most tests."""
    opened: dict[str, Transaction] = {}
    yield opened
    for conn in opened.values():
        conn.close()


@pytest.fixture
def tx(dsn: str, connections: dict[str, Transaction]) -> Iterator[Transaction]:
    """A transaction in the service's database that is rolled back after the test."""
    if dsn not in connections or connections[dsn].closed:
        connections[dsn] = connect(dsn)
    conn = connections[dsn]
    # As a new one is, whatever the test before made of it
    conn.correlation_id, conn.actor, conn.cursor_factory = None, None, Cursor
    conn.wakes.clear()
    yield conn
    if not conn.closed:
        conn.rollback()
        assert not conn.autocommit, "the next test must be rolled back as well"


@pytest.fixture
def emitted() -> Callable[[Transaction], list[dict[str, Any]]]:
    """The events in the outbox as this transaction sees it: [{type, subject, version, data}]."""
    return backbone.emitted


@pytest.fixture
def received() -> Callable[..., Received]:
    """Make an event as it arrives, through the slice: `received(Slice, data, **envelope)`."""

    def make(schema: type[EventSlice], data: dict[str, Any], **envelope: Any) -> Received:
        return backbone.received(schema, data, **envelope)

    return make


@pytest.fixture(scope="session")
def platform(
    admin: local_admin.Admin, namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """The four services as processes, and a mail sink, on databases and a vhost of their own."""
    with harness.started(f"{namespace}_live", admin, tmp_path_factory.mktemp("platform")) as running:
        yield running
