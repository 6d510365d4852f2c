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
def ground(admin: Admin, namespace: str, tmp_path: Path, count: int) -> Iterator[Ground]:
    """All four services, so many replicas of each, with what the chain stands on."""
    name = f"{namespace}_replicas"
    urls = provision.provision(name, admin)
    replicas = Replicas(urls, tmp_path, count)
    made = Ground(replicas, urls, Management(admin.management_url))
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
