"""Replicas on the servers of `make infra`, in a namespace of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local import provision
from deploy.local.management import Management
from tests.chaos.books import Books
from tests.chaos.stage import Ground, Replicas

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.local.admin import Admin


@pytest.fixture
def count() -> int:
    """How many replicas there are of each service."""
    return 2


@pytest.fixture
def vhost(admin: Admin, namespace: str) -> tuple[str, Management]:
    """The URL of the vhost that the services share, and its broker."""
    return provision.provision_vhost(f"{namespace}_replicas", admin), Management(admin.management_url)


@pytest.fixture
def ground(
    admin: Admin, namespace: str, vhost: tuple[str, Management], tmp_path: Path, count: int
) -> Iterator[Ground]:
    """All four services, so many replicas of each, with what the chain stands on."""
    name, (amqp_url, broker) = f"{namespace}_replicas", vhost
    databases = provision.provision_databases(name, admin)
    urls = {service: {"DATABASE_URL": dsn, "AMQP_URL": amqp_url} for service, dsn in databases.items()}
    replicas = Replicas(urls, tmp_path, count)
    made = Ground(replicas, urls, broker)
    try:
        replicas.start()
        made.furnish()
        yield made
    finally:
        replicas.stop()
        provision.drop(name, admin)


@pytest.fixture
def books(ground: Ground) -> Iterator[Books]:
    """The databases as a bystander reads them."""
    with Books(ground.urls) as opened:
        yield opened
