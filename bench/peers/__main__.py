"""`python -m bench.peers [NAME…] [--chains 500]`: try peers, one after the other, each in its own namespace.

Each gets its messages while no worker runs; then its three workers start, and the time counts from the
moment that all three listen, when the messages are put back. Rows must be there exactly once each, and right.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
import amqp  # noqa: E402
import psycopg2  # noqa: E402

import bench.chain.trivial  # noqa: E402, F401  makes the services importable
from bench.chain.trivial import domain  # noqa: E402
from bench.peers import NAMES, ROLES  # noqa: E402
from chassis import logs, migrate  # noqa: E402
from chassis.ids import uuid7  # noqa: E402
from deploy.local import admin as local_admin  # noqa: E402
from deploy.local import provision  # noqa: E402
from tests.backbone import wait_until  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

# Each role in the database of one of the product's services
DATABASES = {"answers": "assessments", "scores": "suppliers", "plans": "audits", "notes": "notifications"}
TABLES = {"scores": "score_history", "plans": "audit", "notes": "notice"}
SECONDS = 60


def main() -> int:
    """Try each, and say how many chains a second it made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--chains", type=int, default=500)
    parser.add_argument("--rate", type=float, help="a second, to be committed and told at that rate instead")
    chosen = parser.parse_args()
    logs.configure("bench", "WARNING")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what cleans up
    for name in chosen.names:
        with tempfile.TemporaryDirectory(prefix="kedja-peers-") as folder, Stage(Path(folder), name) as stage:
            seconds = stage.run(chosen.chains, chosen.rate)
        sys.stdout.write(f"{name:18} {chosen.chains / seconds:8.1f} chains/s\n")
        sys.stdout.flush()
    return 0


class Stage:
    """A peer on databases and a vhost of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        """Make nothing yet."""
        self.folder, self.name = folder, name
        self.peer = importlib.import_module(f"bench.peers.{name}")
        self.admin = local_admin.load()
        self.namespace = f"kedja_peers_{os.getpid()}"
        self.env: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Stage:
        """Make the namespace and its tables."""
        urls = provision.provision(self.namespace, self.admin)
        self.env = {role: urls[service] for role, service in DATABASES.items()}
        for role in DATABASES:
            migrate.migrate(self.env[role]["DATABASE_URL"], role)
        return self

    def __exit__(self, *_: object) -> None:
        """Drop it all."""
        provision.drop(self.namespace, self.admin)

    def run(self, chains: int, rate: float | None) -> float:
        """Let so many go through, see that all is right, and return how many seconds it took."""
        items = [_data(number) for number in range(chains)]
        self.seed(items)
        file = self.folder / "items"
        file.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
        with self.broker() as channel:
            self.command("produce", str(file))
            raw = self.taken(channel, chains)
            with self.workers():
                wait_until(lambda: self.listens(channel), 60)
                started = time.perf_counter()
                if rate:
                    self.command("drive", str(file), str(rate))
                else:
                    self.put_back(channel, raw)
                wait_until(lambda: self.count("notes", "notice") >= chains, SECONDS)
                seconds = time.perf_counter() - started
                wait_until(lambda: self.is_drained(channel), 20)
        self.verify(items)
        return seconds

    def seed(self, items: list[dict[str, Any]]) -> None:
        """Let each case have a score."""
        with (
            closing(psycopg2.connect(self.env["scores"]["DATABASE_URL"])) as conn,
            conn,
            conn.cursor() as cursor,
        ):
            rows = [(item["supplier_id"], item["category_id"]) for item in items]
            cursor.executemany("INSERT INTO score VALUES (%s, %s, -1)", rows)

    def started(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a role of the peer."""
        env = {**os.environ, **self.env.get(arguments[0], self.env["answers"])}
        command = [sys.executable, "-W", "ignore", "-m", f"bench.peers.{self.name}", *arguments]
        return subprocess.Popen(command, env=env, start_new_session=True)

    def command(self, *arguments: str) -> None:
        """Run a role that ends by itself."""
        process = self.started(*arguments)
        if process.wait(timeout=SECONDS):
            raise RuntimeError(f"{self.name} {arguments[0]} ended with {process.returncode}")

    @contextmanager
    def workers(self) -> Iterator[None]:
        """Have the three stages run."""
        processes = self.ps = [self.started(role) for role in ROLES]
        try:
            yield
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(timeout=10)
        finally:
            for process in processes:
                _kill(process)

    @contextmanager
    def broker(self) -> Iterator[amqp.Channel]:
        """Give a channel to the peer's vhost."""
        parts = urlsplit(self.env["answers"]["AMQP_URL"])
        with amqp.Connection(
            f"{parts.hostname}:{parts.port}",
            userid=parts.username,
            password=parts.password,
            virtual_host=parts.path[1:],
            confirm_publish=False,
        ) as connection:
            yield connection.channel()

    def taken(self, channel: amqp.Channel, chains: int) -> list[amqp.Message]:
        """Take what was produced."""
        raw = [channel.basic_get(self.peer.QUEUES["scores"], no_ack=True) for _ in range(chains)]
        if None in raw or channel.basic_get(self.peer.QUEUES["scores"], no_ack=True):
            raise RuntimeError(f"{self.name}: other messages than the {chains} were produced")
        return raw

    def put_back(self, channel: amqp.Channel, raw: list[amqp.Message]) -> None:
        """Publish it again, as it was."""
        for message in raw:
            copy = amqp.Message(message.body, **message.properties)
            channel.basic_publish(copy, exchange="", routing_key=self.peer.QUEUES["scores"])

    def listens(self, channel: amqp.Channel) -> bool:
        """Whether each queue has a consumer."""
        return all(each.consumer_count for each in self.queues(channel))

    def is_drained(self, channel: amqp.Channel) -> bool:
        """Whether nothing waits for a worker."""
        return not any(each.message_count for each in self.queues(channel))

    def queues(self, channel: amqp.Channel) -> list[Any]:
        """Return how each queue is."""
        return [channel.queue_declare(name, passive=True) for name in self.peer.QUEUES.values()]

    def count(self, role: str, table: str) -> int:
        """Count rows."""
        (number,) = self.rows(role, f"SELECT count(*) FROM {table}")[0]  # noqa: S608  a table of ours
        return int(number)

    def rows(self, role: str, statement: str) -> list[tuple[Any, ...]]:
        """Ask a role's database."""
        with closing(psycopg2.connect(self.env[role]["DATABASE_URL"])) as conn, conn.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def verify(self, items: list[dict[str, Any]]) -> None:
        """Raise unless everything was done once, and rightly."""
        for role, table in TABLES.items():
            for each in (table, "inbox"):
                if (found := self.count(role, each)) != len(items):
                    raise RuntimeError(f"{self.name}: {found} rows in {each} of {role}")
        left = sum(self.count(role, "outbox") for role in DATABASES)
        scores = dict(self.rows("scores", "SELECT supplier_id::text, value FROM score"))
        if left or scores != {item["supplier_id"]: domain.score(item["claimed"]) for item in items}:
            raise RuntimeError(f"{self.name}: {left} rows in outboxes, or wrong scores")


def _data(number: int) -> dict[str, Any]:
    chosen = random.Random(number)  # noqa: S311  no secret
    matrix = [[chosen.randrange(5) for _ in range(4)] for _ in range(7)]
    return {
        "assessment_id": str(uuid7()),
        "supplier_id": str(uuid7()),
        "category_id": f"category-{number % 20}",
        "year": 2026,
        "state": "approved",
        "stage": "second",
        "claimed": matrix,
        "judged": matrix,
        "critical": ["forced-labour", "child-labour"],
        "severe_reported": False,
        "recommendation": "Fortsatt uppföljning. " * 24,
        "completed_at": "2026-01-01T12:00:00+00:00",
        "valid_until": "2028-01-01T12:00:00+00:00",
        "questionnaire": "2026-1",
        "reviewer": "exempel.granskare@example.org",
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
