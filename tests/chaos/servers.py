"""A RabbitMQ node and a PostgreSQL cluster of this run's own, which may be stopped and killed at will."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import psycopg2

from deploy.local import checkout, ports, postgres
from deploy.local.admin import Admin
from deploy.local.management import Management
from deploy.local.postgres import Cluster
from deploy.local.rabbitmq import Node
from tests.backbone import wait_until

if TYPE_CHECKING:
    from pathlib import Path

_CLEAN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
_FIRST_PORT, _PORTS = 24_000, 8_000  # below Linux' ephemeral ones: nobody else gets them during a restart
_START_SECONDS = 90


def free_ports(count: int) -> list[int]:
    """Choose ports that stay ours while what listens on them is restarted."""
    offset = os.getpid() * 64 % _PORTS
    numbers = (_FIRST_PORT + (offset + step) % _PORTS for step in range(_PORTS))
    found: list[int] = []
    while len(found) < count:
        number = next(numbers)
        if ports.is_free(number):
            found.append(number)
    return found


class Servers:
    """The two servers in `folder`; `admin` is who may create databases and vhosts on them."""

    def __init__(self, folder: Path, numbers: list[int]) -> None:
        """Prepare both on six free ports; start nothing."""
        checkout.prepare()
        self._folder = folder
        names = ("amqp", "management", "prometheus", "dist", "epmd")
        home = _folder_of(folder / "rabbitmq")
        self.node = Node(
            f"kedja-chaos-{os.getpid()}@localhost",
            home,
            dict(zip(names, numbers, strict=False)),
            secrets.token_hex(20),
        )
        self.node.prepare()
        (home / "conf.d" / "10-chaos.conf").write_text("collect_statistics_interval = 1000\n")
        self.cluster = Cluster(
            _database_home(folder), numbers[5], secrets.token_hex(20), postgres.programs() or folder
        )
        self.cluster.prepare()
        self.admin = Admin(
            self.cluster.url, self.node.management_url, self.node.amqp_url, "kedja", secrets.token_hex(20)
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start both and wait until they serve."""
        self._run("epmd", self.node.epmd_command, self.node.home, {})
        wait_until(lambda: ports.answers(self.node.ports["epmd"]), 10)
        self.start_broker()
        self.start_database()
        self.await_broker()

    def start_broker(self) -> None:
        """Start the broker without waiting for it."""
        self._run("rabbitmq", self.node.command, self.node.home, self.node.environment())

    def await_broker(self) -> None:
        """Wait until the broker takes connections."""
        wait_until(lambda: self.broker.listens(self.node.ports["amqp"]), _START_SECONDS)

    def start_database(self) -> None:
        """Start PostgreSQL and wait until it takes connections; after a crash it recovers first."""
        user = postgres.user()
        self._run("postgres", self.cluster.command, self.cluster.home, {}, user)
        wait_until(self._database_answers, _START_SECONDS)

    def end(self, name: str, number: signal.Signals) -> None:
        """Send a server a signal and wait until it has ended."""
        process = self._processes.pop(name)
        process.send_signal(number)
        process.wait(timeout=_START_SECONDS)

    def stop(self) -> None:
        """End both, whatever their state."""
        endings = {"rabbitmq": signal.SIGTERM, "postgres": signal.SIGINT, "epmd": signal.SIGTERM}
        for name, number in endings.items():
            if name in self._processes:
                try:
                    self.end(name, number)
                except subprocess.TimeoutExpired:
                    process_group = os.getpgid(self._processes[name].pid)
                    os.killpg(process_group, signal.SIGKILL)

    @property
    def broker(self) -> Management:
        """The broker's management API."""
        return Management(self.node.management_url)

    def _database_answers(self) -> bool:
        try:
            psycopg2.connect(self.cluster.url, connect_timeout=3).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _run(
        self, name: str, command: list[str], home: Path, environment: dict[str, str], user: str | None = None
    ) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                cwd=home,
                env=_CLEAN | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt at the keyboard is for the driver, who ends these
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )


def _folder_of(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


def _database_home(folder: Path) -> Path:
    """As root PostgreSQL runs as another user, who must be able to come as far as its own folder."""
    home = _folder_of(folder / "postgres")
    if user := postgres.user():
        folder.chmod(0o711)
        shutil.chown(home, user, user)
    return home
