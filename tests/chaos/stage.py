"""What a run stands on: own servers, proxies before them, and replicas of each service."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import requests
from urllib3.exceptions import NewConnectionError

from chassis import migrate, topology
from deploy.local import provision
from tests.asking import ask
from tests.chaos.servers import Servers, free_ports
from tests.e2e import scene
from tests.harness import Platform
from tests.proxy import Proxy

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.local.admin import Admin
    from deploy.local.management import Management

SERVICES = ("suppliers", "assessments", "audits", "notifications")
_SECONDS = 10
_AUDITORS, _CAPACITY = 4, 50


class Replicas:
    """`count` processes of each service on one vhost and the same databases; one mail sink for all."""

    def __init__(self, urls: dict[str, dict[str, str]], folder: Path, count: int) -> None:
        """Choose ports that stay free while a replica is down; start nothing."""
        self.sets = []
        for number in range(count):
            (folder / f"replica-{number}").mkdir()
            self.sets.append(Platform(urls, folder / f"replica-{number}"))
        for each in self.sets[1:]:
            each.smtp.loop.close()  # never started: all mail goes to the first
        numbers = iter(free_ports(6 + count * len(SERVICES) * 2)[6:])
        for each in self.sets:
            for env in each.env.values():
                env |= {name: f"127.0.0.1:{next(numbers)}" for name in ("HTTP_ADDRESS", "OPS_ADDRESS")}
                env["SMTP_URL"] = f"smtp://127.0.0.1:{self.first.smtp.port}"
            each.env["notifications"]["RESPONDENT_URL"] = self.first.base("assessments")

    @property
    def first(self) -> Platform:
        """The replicas that also hold the mail sink."""
        return self.sets[0]

    def start(self) -> None:
        """Start everything and wait until each replica is ready."""
        self.first.smtp.start()
        for service, env in self.first.env.items():
            migrate.migrate(env["DATABASE_URL"], service)
        topology.apply(self.first.env["audits"]["AMQP_URL"])
        for service in SERVICES:
            for each in self.sets:
                each.start(service)
        self.await_ready()

    def await_ready(self) -> None:
        """Wait until every replica says that it is ready."""
        for each in self.sets:
            for service in SERVICES:
                each.await_ready(service)

    def roll(self, service: str) -> None:
        """Restart a service as an operator would: one replica after the other, the next when it is ready."""
        for each in self.sets:
            each.stop(service)
            each.start(service)
            each.await_ready(service)

    def send(self, chance: random.Random, service: str, *request: Any, **headers: str) -> requests.Response:
        """Send a request to one of the replicas, as a load balancer does.

        The replica is chosen at random; the next one is taken only if nobody listens there: then nothing was
        sent. A request that has been sent is never sent again. Raises requests.RequestException.
        """
        method, path, body = request
        *others, last = chance.sample(self.sets, len(self.sets))
        for each in others:
            try:
                return _request(method, each.url(service, path), body, headers)
            except requests.ConnectionError as fault:
                if not _nobody_listens(fault):
                    raise
        return _request(method, last.url(service, path), body, headers)

    def stop(self) -> None:
        """End everything at once."""
        for each in self.sets:
            for service in list(each.processes):
                each.stop(service, signal.SIGKILL)
        self.first.smtp.stop()


@dataclass
class Ground:
    """Replicas with what they stand on, past every proxy: what the ledger looks at."""

    replicas: Replicas
    urls: dict[str, dict[str, str]]
    broker: Management

    @property
    def amqp_url(self) -> str:
        """The vhost; at a cluster, by way of each of its nodes."""
        return self.urls["audits"]["AMQP_URL"]

    def messages(self) -> dict[str, int]:
        """Return queue -> messages, those that consumers hold included, as the broker counts them."""
        vhost = self.amqp_url.rpartition("/")[2]
        return {row["name"]: row.get("messages", 0) for row in self.broker.get(f"/queues/{vhost}")}

    def furnish(self) -> None:
        """Bring in what the chain stands on, and auditors enough."""
        platform = self.replicas.first
        scene.load(platform)
        for number in range(_AUDITORS):
            name = str(uuid5(NAMESPACE_URL, f"kedja-chaos-{number}"))
            auditor = {
                "name": f"Exempelrevisor {number}",
                "kinds": ["office", "factory"],
                "languages": ["sv"],
            }
            scene.put(platform, "audits", f"/auditors/{name}", auditor | {"weekly_capacity": _CAPACITY})
            scene.put_recipient(platform, "auditor", name, f"Exempelrevisor {number}")


def _request(method: str, url: str, body: object, headers: dict[str, str]) -> requests.Response:
    return ask(method, url, json=body, headers=headers, timeout=_SECONDS)


def _nobody_listens(fault: requests.ConnectionError) -> bool:
    """Tell whether no connection was made: nothing has been sent then."""
    return isinstance(getattr(fault.args[0], "reason", None), NewConnectionError)


class Stage:
    """Servers, a proxy before each, and two replicas of each service that know only the proxies."""

    def __init__(self, folder: Path) -> None:
        """Start the servers and bring them up to date."""
        self.folder = folder
        self.servers = Servers(folder, free_ports(6))
        try:
            self.servers.start()
            self.urls = provision.provision("kedja_chaos", self.admin)
        except BaseException:
            self.servers.stop()
            raise
        self.before_broker = Proxy(self.urls["audits"]["AMQP_URL"])
        self.before_database = {name: Proxy(own["DATABASE_URL"]) for name, own in self.urls.items()}
        by_way = {
            name: {"AMQP_URL": self.before_broker.url, "DATABASE_URL": self.before_database[name].url}
            for name in self.urls
        }
        self.replicas = Replicas(by_way, folder, 2)
        self.ground = Ground(self.replicas, self.urls, self.servers.broker)

    @property
    def admin(self) -> Admin:
        """Who may do all on the servers."""
        return self.servers.admin

    def end(self) -> None:
        """Stop all processes."""
        self.replicas.stop()
        for proxy in (self.before_broker, *self.before_database.values()):
            proxy.refuse()
        self.servers.stop()
