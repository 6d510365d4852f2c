"""The two servers that everything stands on, RabbitMQ and PostgreSQL: given by the environment, or private ones."""

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

import psycopg2

from deploy.local import admin, packages, ports, postgres, rabbitmq, supervision, waiting
from deploy.local.admin import Admin
from deploy.local.checkout import IDENTITY, RUN, Failure, secret
from deploy.local.management import Management
from deploy.local.postgres import Cluster
from deploy.local.rabbitmq import Node
from deploy.local.supervision import Program

_PORTS = {
    "rabbitmq": ("amqp", "management", "prometheus", "dist"),
    "postgres": ("postgres",),
    "epmd": ("epmd",),
}


@dataclass(frozen=True)
class Servers:
    """The servers in use: their administrator, and how to wait until each of them serves."""

    admin: Admin
    wait_for_database: Callable[[], None]
    wait_for_broker: Callable[[], None]


def start() -> Servers:
    """Start the private servers unless others are given (or they run already), without waiting for them."""
    given = admin.given()
    private = given is None or admin.is_private(given)
    running = {info["name"] for info in supervision.infos() if info["statename"] == "RUNNING"}
    in_use = {port for name in running for port in _PORTS.get(name, ())}
    ports.claim(["supervisor"], in_use={"supervisor"} if supervision.is_running() else ())
    if not private and given:
        supervision.apply("servers", [])
        return Servers(given, _nothing, _nothing)
    _install_missing()
    chosen = ports.claim([port for group in _PORTS.values() for port in group], in_use)
    return _start_private(chosen)


def _nothing() -> None:
    """Given servers run already; provisioning says what is wrong if they don't."""


def _start_private(chosen: dict[str, int]) -> Servers:
    node = Node(f"kedja-{IDENTITY}@localhost", RUN / "rabbitmq", chosen, secret("rabbitmq"))
    programs = postgres.binaries()
    assert programs is not None, "_install_missing saw to it"
    cluster = Cluster(postgres.data_folder(), chosen["postgres"], secret("postgres"), programs)
    node.prepare()
    supervision.apply("servers", _programs(node, cluster))
    supervision.start("epmd")
    waiting.until(lambda: _answers(chosen["epmd"]), "epmd", "Erlang's name server", seconds=10)
    supervision.start("rabbitmq")
    cluster.prepare()
    supervision.start("postgres")
    private = Admin(cluster.url, node.management_url, node.amqp_url, "kedja", secret("provision"))
    return Servers(
        private,
        lambda: waiting.until(lambda: _accepts(cluster.url), "postgres", "PostgreSQL"),
        lambda: waiting.until(
            lambda: Management(node.management_url).listens(chosen["amqp"]), "rabbitmq", "RabbitMQ"
        ),
    )


def _programs(node: Node, cluster: Cluster) -> list[Program]:
    erlang = node.environment()
    return [
        Program(
            "postgres",
            "servers",
            cluster.command,
            {},
            cluster.data.parent,
            postgres.user(),
            stop_signal="INT",
            stop_seconds=30,
        ),
        Program("rabbitmq", "servers", node.command, erlang, node.home, stop_seconds=30),
        Program("epmd", "servers", node.epmd_command, {}, node.home),
    ]


def _install_missing() -> None:
    wanted = {
        "rabbitmq-server": rabbitmq.SERVER.exists(),
        "postgresql": postgres.binaries() is not None,
    }
    if missing := [package for package, there in wanted.items() if not there]:
        reason = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
        other = " (or set KEDJA_AMQP_ADMIN_URL and KEDJA_ADMIN_DATABASE_URL to servers that you have)"
        if sentence := packages.install(missing, reason, other):
            raise Failure(sentence)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _accepts(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=3).close()
    except psycopg2.OperationalError:
        return False
    return True
