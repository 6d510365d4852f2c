"""Where it takes place: a database with 100,000 suppliers, the service and the peer, each a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from bench import spent
from bench.http import targets
from chassis import migrate, sql, topology
from chassis.db import connect
from deploy.local import admin as local_admin
from deploy.local import provision
from tests.backbone import wait_until
from tests.harness import Platform, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

queries: Any = sql.load(__file__)


class Side(NamedTuple):
    """One of the two: where it listens, and its process."""

    name: str
    base: str
    pid: int


class Written(NamedTuple):
    """How many there are of everything that a POST writes."""

    suppliers: int
    keys: int
    trail: int
    changes: int
    published: int


@dataclass
class Stage:
    """Both sides, and the files that the load reads."""

    folder: Path
    dsn: str
    platform: Platform
    sides: tuple[Side, Side]

    def written(self) -> Written:
        """Wait until everything is published and sealed, and return how much there is."""
        with closing(connect(self.dsn)) as conn:
            conn.autocommit = True
            wait_until(lambda: queries.written(conn).waiting == 0, 120)
            found = queries.written(conn)
        text = self.platform.ops("suppliers", "/metrics").text
        named = re.findall(
            r'^events_published_total\{.*type="supplier_registered".*\} (\S+)', text, re.MULTILINE
        )
        return Written(found.suppliers, found.keys, found.trail, found.changes, int(sum(map(float, named))))

    def backends_seconds(self) -> float:
        """Return the processor time of this database's backends so far (on this machine; else 0)."""
        with closing(connect(self.dsn)) as conn:
            return spent.backends_seconds(conn)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Set everything up, and take it down again."""
    admin = local_admin.load()
    namespace = f"{admin.namespace}_bench_http"
    urls = provision.provision(namespace, admin)["suppliers"]
    try:
        _fill(urls["DATABASE_URL"])
        topology.apply(urls["AMQP_URL"])
        platform = Platform({"suppliers": urls}, folder)
        with _service(platform) as service, _peer(platform, folder) as peer:
            made = Stage(folder, urls["DATABASE_URL"], platform, (service, peer))
            targets.write(made)
            yield made
    finally:
        provision.drop(namespace, admin)


def _fill(dsn: str) -> None:
    migrate.migrate(dsn, "suppliers")
    with closing(connect(dsn)) as conn:
        with conn:
            queries.seed(conn)
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


@contextmanager
def _service(platform: Platform) -> Iterator[Side]:
    platform.start("suppliers")
    try:
        platform.await_ready("suppliers")
        yield Side("kedja", platform.base("suppliers"), platform.processes["suppliers"].pid)
    finally:
        platform.stop("suppliers")


@contextmanager
def _peer(platform: Platform, folder: Path) -> Iterator[Side]:
    port = str(free_port())
    command = [sys.executable, "-m", "uvicorn", "bench.http.peer:app", "--workers", "1", "--port", port]
    with (folder / "peer.log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **platform.env["suppliers"]}, stdout=log, stderr=log
        )
    base = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(base), 30)
        yield Side("peer", base, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=15)


def _answers(base: str) -> bool:
    try:
        return requests.get(f"{base}/openapi.json", timeout=5).ok
    except requests.ConnectionError:
        return False
