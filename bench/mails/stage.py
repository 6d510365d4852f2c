"""Where it takes place: a database full of notices, the service as a process, and a sink for both sides."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.mails import sink
from bench.spent import backends_seconds, cpu_seconds
from chassis import migrate, sql, topology
from chassis.db import connect
from deploy.local import admin as local_admin
from deploy.local import provision
from tests.backbone import wait_until
from tests.harness import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator

queries: Any = sql.load(__file__)

# For a round of 20,000 at the slowest
_PATIENCE = 600


class UnfairError(Exception):
    """A round that proves nothing: something did not go out exactly once."""


class Round(NamedTuple):
    """What one side came to: mails a second; seconds of processor per 1,000 mails, own and PostgreSQL's."""

    rate: float
    cpu: float
    backends: float

    @property
    def all_cpu(self) -> float:
        """Return both together."""
        return self.cpu + self.backends


@dataclass
class Stage:
    """The service, its database, and what both sides send."""

    folder: Path
    dsn: str
    platform: Platform
    count: int
    sink: str

    @property
    def port(self) -> int:
        """Where the sink listens."""
        return self.platform.smtp.port

    def record(self) -> int:
        """Let the service send everything once, keep what it sent; return the mails' mean octets."""
        with sink.running(sink.OWN, self.port, self.folder, self._mails):
            self._send()
        mails = sink.kept(self._mails)
        self._check(len(mails))
        return sum(len(text) for _, _, text in mails) // len(mails)

    def kedja(self) -> Round:
        """Let the service send everything into the sink."""
        with sink.running(self.sink, self.port, self.folder) as into:
            found = self._send()
        self._check(into.count)
        return found

    def smtplib(self) -> Round:
        """Send what the service once sent."""
        with sink.running(self.sink, self.port, self.folder) as into:
            command = [sys.executable, "-m", "bench.mails.plain", str(self.port), str(self._mails)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if into.count != self.count:
            raise UnfairError(f"smtplib: {into.count} of {self.count} mails in the sink")
        seconds, cpu = map(float, said.split())
        return Round(self.count / seconds, cpu * 1000 / self.count, 0.0)

    @property
    def _mails(self) -> Path:
        return self.folder / "mails"

    def _send(self) -> Round:
        """Queue everything and wake the service: what counts is the time until the last record."""
        pid = self.platform.processes["notifications"].pid
        with closing(connect(self.dsn)) as conn:
            conn.autocommit = True
            queries.queue(conn)
            with conn.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
            cpu, backends, began = cpu_seconds([pid]), backends_seconds(conn), time.perf_counter()
            self._wake()
            wait_until(lambda: not queries.some_wait(conn), _PATIENCE)
            seconds = time.perf_counter() - began
            spent = (cpu_seconds([pid]) - cpu, backends_seconds(conn) - backends)
            wait_until(self._has_left, 30)
        return Round(self.count / seconds, *(each * 1000 / self.count for each in spent))

    def _wake(self) -> None:
        """Write an auditor: whoever writes a recipient wakes the sending."""
        wanted = {"name": "Maria Berg", "email": f"m{time.time_ns()}@revision.example", "language": "sv"}
        address = "/recipients/auditor/019a0000-0000-7000-8000-0000000000d1"
        before = self.platform.send("GET", "notifications", address, None).headers.get("ETag")
        headers = {"If-Match": before} if before else {}
        answer = self.platform.send("PUT", "notifications", address, wanted, **headers)
        answer.raise_for_status()

    def _has_left(self) -> bool:
        """Tell whether the service has hung up: the next sink is another."""
        table = Path("/proc/net/tcp").read_text(encoding="ascii")
        return not re.search(rf": \S+ \w+:{self.port:04X} 01 ", table)

    def _check(self, arrived: int) -> None:
        with closing(connect(self.dsn)) as conn:
            found = queries.outcome(conn)
        if {arrived, *found} != {self.count}:
            raise UnfairError(f"not each of {self.count} exactly once: {arrived} in the sink, {found}")


@contextmanager
def stage(folder: Path, count: int, into: str) -> Iterator[Stage]:
    """Set everything up, and take it down again."""
    admin = local_admin.load()
    namespace = f"{admin.namespace}_bench_mails"
    all_urls = provision.provision(namespace, admin)
    urls = all_urls["notifications"]
    try:
        migrate.migrate(urls["DATABASE_URL"], "notifications")
        topology.apply(urls["AMQP_URL"])
        with closing(connect(urls["DATABASE_URL"])) as conn, conn:
            queries.seed(conn, count=count)
        # assessments is where the mails' links lead; it does not run
        platform = Platform({name: all_urls[name] for name in ("assessments", "notifications")}, folder)
        platform.start("notifications")
        try:
            platform.await_ready("notifications")
            yield Stage(folder, urls["DATABASE_URL"], platform, count, into)
        finally:
            platform.stop("notifications")
    finally:
        provision.drop(namespace, admin)
