"""PostgreSQL throws a service's connections out: the service goes on without a restart."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests.e2e import people
from tests.e2e.outcome import await_outcome

if TYPE_CHECKING:
    from deploy.local.admin import Admin


def terminate_backends(admin: Admin, database_url: str) -> int:
    """End all of a database's connections as an administrator would; return how many there were."""
    name = urlsplit(database_url).path.removeprefix("/")
    with closing(psycopg2.connect(admin.database_url)) as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        return int(cursor.fetchone()[0])


OTHERS = [pytest.param(name, marks=pytest.mark.slow) for name in ("assessments", "audits", "notifications")]


@pytest.mark.parametrize("service", ["suppliers", *OTHERS])
def test_a_service_whose_database_connections_end_in_the_middle_goes_on_by_itself(
    chain: Any, admin: Admin, service: str
) -> None:
    cases, process = people.ready_to_complete(chain, 12), chain.processes[service]
    ended = []

    def end_connections() -> None:
        ended.append(terminate_backends(admin, chain.env[service]["DATABASE_URL"]))

    answers = people.complete_all(chain, cases, halfway=end_connections)
    assert ended[0] > 0
    assert set(answers) <= {200, 503}
    await_outcome(chain, cases)
    assert (chain.processes[service], process.poll()) == (process, None)
    chain.await_ready(service)
