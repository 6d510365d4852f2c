"""The platform as tests run it: real processes, a real mail server, and everything awaited by condition."""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from aiosmtpd.controller import Controller

from chassis import migrate, topology
from chassis.http.endpoint import prefix_of
from deploy.local import ports, provision
from tests import tokens
from tests.asking import ask
from tests.backbone import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from deploy.local.admin import Admin


@contextmanager
def started(name: str, admin: Admin, folder: Path) -> Iterator[Platform]:
    """Give the four services as processes, and a mail sink, on databases and a vhost of their own."""
    with provisioned(name, admin, folder) as platform:
        platform.start_all()
        yield platform


@contextmanager
def provisioned(name: str, admin: Admin, folder: Path) -> Iterator[Platform]:
    """Give the same before anything has been started."""
    platform = Platform(provision.provision(name, admin), folder)
    try:
        yield platform
    finally:
        platform.stop_all()
        provision.drop(name, admin)


# Below those that Linux gives to outgoing connections (32768), which would take a port between the choice
# and the listening, and below those that checkouts choose. Each process in an order of its own.
_ports = itertools.cycle(random.sample(range(10240, 20000), k=20000 - 10240))


def free_port() -> int:
    """Return a port that nobody listens on at present, and that nothing but a test takes."""
    return next(port for port in _ports if ports.is_free(port))


@dataclass
class Mailbox:
    """An SMTP server that keeps what it accepts."""

    mails: list[EmailMessage] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Keep a mail and accept it."""
        with self.lock:
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 accepted"

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to one address."""
        with self.lock:
            return [mail for mail in self.mails if address in mail["To"]]


class Platform:
    """Service processes over given databases and vhost; `env` may be changed before a (re)start."""

    def __init__(self, urls: dict[str, dict[str, str]], folder: Path, module: str = "chassis") -> None:
        """Choose ports; start nothing. `python -m module run <service>` is how a process starts."""
        self.module = module
        self.folder, self.mailbox = folder, Mailbox()
        self.smtp = Controller(self.mailbox, hostname="127.0.0.1", port=free_port())
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        common = {
            "LINK_KEY": "a key for tests only",
            "AUTO_CONFIRM_WORKING_DAYS": "0",
            "MAIL_FROM": "kedja@kedja.example",
            **tokens.OURS.settings,
            "RATE_LIMIT": "1000000/minute",  # tests of limits set their own
            "RATE_LIMIT_ANONYMOUS": "1000000/minute",
            "RATE_LIMIT_FAILURES": "1000000/minute",
        }
        common["SMTP_URL"] = f"smtp://127.0.0.1:{self.smtp.port}"
        self.env = {service: {**common, **own, **self._addresses()} for service, own in urls.items()}
        if "notifications" in self.env:
            self.env["notifications"]["RESPONDENT_URL"] = self.base("assessments")

    @staticmethod
    def _addresses() -> dict[str, str]:
        return {name: f"127.0.0.1:{free_port()}" for name in ("HTTP_ADDRESS", "OPS_ADDRESS")}

    def base(self, service: str) -> str:
        """Return where a service listens."""
        return f"http://{self.env[service]['HTTP_ADDRESS']}"

    def url(self, service: str, path: str = "") -> str:
        """Return the address of something in a service's API."""
        return f"{self.base(service)}{prefix_of(service)}{path}"

    def ops(self, service: str, path: str) -> requests.Response:
        """Ask a service's ops port."""
        return requests.get(f"http://{self.env[service]['OPS_ADDRESS']}{path}", timeout=10)

    def get(self, service: str, path: str, **params: Any) -> Any:
        """Return what a service answers the office to a GET that succeeds."""
        response = ask("GET", self.url(service, path), params=params)
        assert response.status_code == 200, response.text
        return response.json()

    def listed(self, service: str, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Give everything that a list has, page by page."""
        while True:
            page = self.get(service, path, **params)
            yield from page["items"]
            if page["next"] is None:
                return
            params["after"] = page["next"]

    def send(self, method: str, service: str, path: str, body: object, **headers: str) -> requests.Response:
        """Send JSON to a service: as the office, over whatever is there, unless the headers say otherwise."""
        return ask(method, self.url(service, path), json=body, headers=headers)

    def prepare(self) -> None:
        """Start the mail sink, and bring databases and broker up to date."""
        self.smtp.start()
        for service, env in self.env.items():
            migrate.migrate(env["DATABASE_URL"], service)
        topology.apply(next(iter(self.env.values()))["AMQP_URL"])

    def start_all(self) -> None:
        """Bring databases and broker up to date, then start everything and wait until it is ready."""
        self.prepare()
        for service in self.env:
            self.start(service)
        for service in self.env:
            self.await_ready(service)

    def start(self, service: str) -> None:
        """Start one service's process."""
        env_file = self.folder / f"{service}.env"
        env_file.write_text("".join(f"{key}={value}\n" for key, value in self.env[service].items()))
        with (self.folder / f"{service}.log").open("ab") as log:
            self.processes[service] = subprocess.Popen(
                [sys.executable, "-m", self.module, "run", service],
                env={**os.environ, "KEDJA_ENV_DIR": str(self.folder)},
                stdout=log,
                stderr=log,
            )

    def await_ready(self, service: str) -> None:
        """Wait until a service says that it is ready; a process that has ended fails at once with its log."""

        def ready() -> bool:
            assert self.processes[service].poll() is None, self.log(service)
            try:
                return self.ops(service, "/readyz").status_code == 200
            except requests.ConnectionError:
                return False

        wait_until(ready, 60)

    def seconds_to_ready(self, service: str) -> float:
        """Start a service, and return how long it took until it was ready."""
        began = time.perf_counter()
        self.start(service)
        self.await_ready(service)
        return time.perf_counter() - began

    def idle_megabytes(self, service: str) -> float:
        """Return the MB (1,000,000 bytes) that a service has resident once it takes no more."""
        found = self._resident(service)
        while True:
            time.sleep(1)  # its loops all turn within a second
            before, found = found, self._resident(service)
            if found <= before:
                return found / 1e6

    def _resident(self, service: str) -> int:
        status = Path(f"/proc/{self.processes[service].pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024

    def accepts(self, service: str, address: str = "HTTP_ADDRESS") -> bool:
        """Tell whether a service takes connections."""
        host, _, port = self.env[service][address].rpartition(":")
        with socket.socket() as client:
            return client.connect_ex((host, int(port))) == 0

    def log(self, service: str) -> str:
        """Return what a service has logged."""
        return (self.folder / f"{service}.log").read_text()

    def stop(self, service: str, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; return the exit status."""
        process = self.processes.pop(service)
        process.send_signal(number)
        return process.wait(timeout=15)

    def stop_all(self) -> None:
        """End everything that was started."""
        for service in list(self.processes):
            self.stop(service, signal.SIGKILL)
        self.smtp.stop()
