"""A database of the imports' own: their tests count rows, and commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chassis import migrate
from chassis.db import Database
from deploy.local import provision
from tests.suppliers.files import Imports, category
from tests.suppliers.replicas import Replicas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.admin import Admin


@pytest.fixture(scope="session")
def imports_dsn(admin: Admin, namespace: str) -> Iterator[str]:
    """A migrated database for the tests of imports."""
    name = f"{namespace}_imports"
    dsn = provision.provision_databases(name, admin)["suppliers"]
    migrate.migrate(dsn, "suppliers")
    yield dsn
    provision.drop(name, admin)


@pytest.fixture
def imports(imports_dsn: str) -> Imports:
    """Imports into an empty registry that has one category."""
    made = Imports(imports_dsn)
    made.clear()
    made.prepare(category)
    return made


@pytest.fixture
def db(imports: Imports) -> Iterator[Database]:
    """A registry for tests that commit: empty, and not the one that the others find what they expect in."""
    database = Database(imports.dsn, 8)
    yield database
    database.close()


@pytest.fixture(scope="module")
def replicas(admin: Admin, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    name = f"{namespace}_replicas"
    made = Replicas(provision.provision(name, admin), tmp_path_factory.mktemp("replicas"))
    try:
        made.start()
        yield made
    finally:
        for platform in made.running:
            platform.stop_all()
        provision.drop(name, admin)


@pytest.fixture
def empty_replicas(replicas: Replicas) -> None:
    """Begin with an empty registry that has one category."""
    replicas.db.clear()
    replicas.db.prepare(category)
