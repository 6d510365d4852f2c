"""Where it takes place: databases and a vhost of the bench's own, brought back to the start before each round."""

from __future__ import annotations

import os
import tempfile
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bench.chain.trivial  # noqa: F401  makes the services importable
from bench.chain import feed
from bench.chain.sides import ENTRY, ROLES, Ground
from chassis import broker, migrate, sql, topology
from chassis.db import connect
from deploy.local import admin as local_admin
from deploy.local import provision
from deploy.local.management import Management

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.suppliers.domain import Key

queries: Any = sql.load(__file__)


@contextmanager
def trivial_ground() -> Iterator[Ground]:
    """Give databases with the trivial services' tables, and a broker with their topology."""
    admin = local_admin.load()
    namespace = f"{admin.namespace}_bench_chain"
    urls = provision.provision(namespace, admin)
    try:
        for role, service in {"answers": ENTRY, **ROLES}.items():
            migrate.migrate(urls[service]["DATABASE_URL"], role)
        amqp_url = urls[ENTRY]["AMQP_URL"]
        with tempfile.TemporaryDirectory(prefix="kedja-bench-") as folder:
            topology.FILE = bench.chain.trivial.write_topology(Path(folder))
            topology.apply(amqp_url)
            with broker.channel(amqp_url) as channel:
                channel.confirm_select()
                yield Ground(urls, Path(folder), channel, "trivial")
    finally:
        provision.drop(namespace, admin)


def servers() -> dict[str, list[int]]:
    """Return the processes of broker and database, as far as they are on this machine."""
    admin = local_admin.load()
    [node] = Management(admin.management_url).get("/nodes?columns=os_pid")
    with closing(connect(admin.database_url)) as conn:
        backend = queries.backend(conn)
    postmaster = 0
    with suppress(OSError):
        postmaster = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    found = {"broker": int(node["os_pid"]), "database": postmaster}
    return {name: [pid] for name, pid in found.items() if pid and Path(f"/proc/{pid}").exists()}


def reset(ground: Ground, keys: Sequence[Key]) -> None:
    """Empty the tables, and give each case a score to begin with."""
    for service in (ENTRY, *ROLES.values()):
        with closing(connect(ground.urls[service]["DATABASE_URL"])) as conn, conn:
            getattr(queries, f"empty_{service}")(conn)
            if service == "suppliers":
                queries.add_scores(conn, keys=feed.keys_as_rows(keys))
    with closing(connect(local_admin.load().database_url)) as conn:
        conn.autocommit = True
        queries.checkpoint(conn)
