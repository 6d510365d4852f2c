"""What a service takes while nothing is asked of it. `make bench-idle` prints it, and asks for the 2 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import harness
from tests.conftest import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.admin import Admin
    from tests.harness import Platform

MEGABYTES = 80
SECONDS = 10  # of a machine that does much else at the same time


@pytest.fixture(scope="module")
def fresh(admin: Admin, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that nothing has happened on, and none of whose services has been started."""
    with harness.provisioned(f"{namespace}_idle", admin, tmp_path_factory.mktemp("idle")) as platform:
        platform.prepare()
        yield platform


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_soon_ready_and_takes_little_memory_while_nothing_is_asked_of_it(
    fresh: Platform, service: str
) -> None:
    assert fresh.seconds_to_ready(service) < SECONDS
    assert fresh.idle_megabytes(service) < MEGABYTES
