"""The servers that all else stands on, RabbitMQ and PostgreSQL: given by the environment, or private."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import psycopg2

from deploy.local import admin, packages, ports, postgres, provision, supervision, waiting
from deploy.local.admin import Admin
from deploy.local.checkout import IDENTITY, RUN, secret
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
    """Start the private servers, unless others are given or they run already, without waiting for them."""
    supervision.claim_port()
    given = admin.given()
    if given is None or admin.is_private(given):
        return _start_private()
    if not supervision.is_running():
        supervision.apply("servers", [])
    return Servers(given, partial(provision.check_database, given), partial(provision.check_broker, given))


def _start_private() -> Servers:
    if missing := packages.missing_for_servers():
        packages.install(missing)
    in_use = {port for name in supervision.living() for port in _PORTS.get(name, ())}
    chosen = ports.claim([port for group in _PORTS.values() for port in group], in_use)
    node = Node(f"kedja-{IDENTITY}@localhost", RUN / "rabbitmq", chosen, secret("rabbitmq"))
    cluster = Cluster(postgres.home(), chosen["postgres"], secret("postgres"), postgres.programs() or RUN)
    _launch(node, cluster)
    return Servers(
        Admin(cluster.url, node.management_url, node.amqp_url, admin.PRIVATE, secret("provision")),
        lambda: waiting.until(lambda: _accepts(cluster.url), "postgres", "PostgreSQL"),
        lambda: waiting.until(lambda: _serves(node), "rabbitmq", "RabbitMQ"),
    )


def _launch(node: Node, cluster: Cluster) -> None:
    """Start both. The broker first: while it boots, PostgreSQL's data can be made."""
    node.prepare()
    supervision.apply("servers", _programs(node, cluster))
    supervision.start("epmd")
    waiting.until(lambda: ports.answers(node.ports["epmd"]), "epmd", "Erlang's name server", seconds=10)
    supervision.start("rabbitmq")
    cluster.prepare()
    supervision.start("postgres")


def _programs(node: Node, cluster: Cluster) -> list[Program]:
    return [
        Program("rabbitmq", "servers", node.command, node.environment(), node.home, stop_seconds=30),
        Program("epmd", "servers", node.epmd_command, directory=node.home),
        Program(
            "postgres",
            "servers",
            cluster.command,
            directory=cluster.home,
            user=postgres.user(),
            stop_signal="INT",  # fast: ends open sessions, leaves nothing to recover
            stop_seconds=30,
        ),
    ]


def _accepts(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=3).close()
    except psycopg2.OperationalError:
        return False
    return True


def _serves(node: Node) -> bool:
    return Management(node.management_url).listens(node.ports["amqp"])
