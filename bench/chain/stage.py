"""Where it takes place: databases and a vhost of the bench's own, as at the start before each round."""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import bench.chain.kedja  # makes the services importable
from bench.chain import feed, product
from bench.chain.ground import ENTRY, ROLES, Ground
from chassis import broker, migrate, sql, topology
from chassis.db import connect
from deploy.local import admin as local_admin
from deploy.local import provision
from deploy.local.management import Management

if TYPE_CHECKING:
    from collections.abc import Iterator

queries: Any = sql.load(__file__)


@contextmanager
def stage(business: str, cases: int) -> Iterator[Ground]:
    """Give databases with so many cases, and a broker with the topology of the services that are meant."""
    admin = local_admin.load()
    namespace = f"{admin.namespace}_bench_chain"
    provision.drop_all(namespace, admin)  # what a run that was killed has left
    urls = provision.provision(namespace, admin)
    try:
        with tempfile.TemporaryDirectory(prefix="kedja-bench-") as folder:
            if business != "product":
                _plain(urls, cases, Path(folder))
            else:
                product.fill(urls, cases)
            for service in urls:
                _keep(urls[service]["DATABASE_URL"])
            amqp_url = urls[ENTRY]["AMQP_URL"]
            topology.apply(amqp_url)
            with broker.channel(amqp_url) as channel:
                channel.confirm_select()
                if business == "product":
                    product.unbind(channel)
                yield Ground(urls, Path(folder), channel, business, cases)
    finally:
        provision.drop_all(namespace, admin)


def _plain(urls: Any, cases: int, folder: Path) -> None:
    for role, service in {"answers": ENTRY, **ROLES}.items():
        migrate.migrate(urls[service]["DATABASE_URL"], role)
    with closing(connect(urls["suppliers"]["DATABASE_URL"])) as conn, conn:
        queries.add_scores(conn, cases=cases)
    topology.FILE = bench.chain.kedja.write_topology(folder)


def _keep(dsn: str) -> None:
    """Keep a database as it is, under another name: what each round begins with."""
    name = urlsplit(dsn).path[1:]
    _as_admin(f'ALTER DATABASE "{name}" RENAME TO "{name}_start"')


def restart(ground: Ground) -> None:
    """Bring all databases back to the start, with nothing left to be written from the round before."""
    for urls in ground.urls.values():
        broker.glance(ground.channel)  # its heartbeats: a large database takes its time
        name = urlsplit(urls["DATABASE_URL"]).path[1:]
        _as_admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _as_admin(f'CREATE DATABASE "{name}" TEMPLATE "{name}_start" OWNER "{name}"')
    _as_admin("CHECKPOINT")


def _as_admin(statement: str) -> None:
    with closing(connect(local_admin.load().database_url)) as conn:
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(statement)


def servers() -> dict[str, list[int]]:
    """Return the processes of broker and database; raises UnfairError where they are not on this machine."""
    admin = local_admin.load()
    [node] = Management(admin.management_url).get("/nodes?columns=os_pid")
    with closing(connect(admin.database_url)) as conn:
        backend = Path(f"/proc/{queries.backend(conn)}/stat")
    postmaster = backend.read_text().rpartition(")")[2].split()[1] if backend.exists() else "none"
    found = {"broker": (node["os_pid"], "beam.smp"), "database": (postmaster, "postgres")}
    return {name: [_known(*each)] for name, each in found.items()}


def _known(pid: str, program: str) -> int:
    name = Path(f"/proc/{pid}/comm")
    if not name.exists() or name.read_text().strip() != program:
        raise feed.UnfairError(f"{program} is not on this machine: its processor time cannot be counted")
    return int(pid)
