"""Three RabbitMQ nodes of a test's own on this machine, as one cluster."""

from __future__ import annotations

import os
import secrets
import subprocess
from typing import TYPE_CHECKING

from deploy.local import ports
from deploy.local.management import Management
from deploy.local.rabbitmq import Node
from tests.backbone import wait_until
from tests.chaos.servers import free_ports

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from pathlib import Path

VHOST = "kedja"
_KINDS = ("amqp", "management", "prometheus", "dist")
_BOOT_SECONDS = 180
_SIZE = 3


class Cluster:
    """The nodes 0, 1 and 2; each may be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        """Prepare the nodes; start nothing."""
        epmd, *numbers = free_ports(1 + _SIZE * len(_KINDS))
        self.password, cookie = secrets.token_hex(20), secrets.token_hex(20)
        self.nodes = [
            Node(
                f"kedja-cluster-{os.getpid()}-{index}@localhost",
                folder / f"node-{index}",
                dict(zip(_KINDS, numbers[index * len(_KINDS) :], strict=False)) | {"epmd": epmd},
                self.password,
            )
            for index in range(_SIZE)
        ]
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        for node in self.nodes:
            _share(node, cookie)
            node.prepare()
            (node.home / "conf.d" / "10-cluster.conf").write_text(_formation(self.nodes))

    def start(self) -> None:
        """Start one node after the other: each finds those before it."""
        self._epmd = self._run(self.nodes[0].epmd_command, {}, "epmd")
        wait_until(lambda: ports.answers(self.nodes[0].ports["epmd"]), 10)
        for index in range(_SIZE):
            self.start_node(index)
        wait_until(lambda: self.running() == _SIZE, _BOOT_SECONDS)

    def start_node(self, index: int) -> None:
        """Start a node and wait until it takes connections."""
        node = self.nodes[index]
        self._processes[index] = self._run(node.command, node.environment(), f"node-{index}")
        wait_until(lambda: self.management(index).listens(node.ports["amqp"]), _BOOT_SECONDS)

    def end_node(self, index: int, number: signal.Signals) -> None:
        """Send a node a signal and wait until it has ended."""
        process = self._processes.pop(index)
        process.send_signal(number)
        process.wait(_BOOT_SECONDS)

    def stop(self) -> None:
        """End everything at once: nobody needs the data."""
        processes = [*self._processes.values(), *([self._epmd] if hasattr(self, "_epmd") else [])]
        for process in processes:
            process.kill()
            process.wait(_BOOT_SECONDS)

    def management(self, index: int | None = None) -> Management:
        """Return a node's management API; that of the first living one where none is named."""
        return Management(self.nodes[min(self._processes) if index is None else index].management_url)

    def running(self) -> int:
        """How many nodes are in the cluster and run, as a living one sees it."""
        return sum(row["running"] for row in self.management().get("/nodes"))

    def clients(self, index: int) -> int:
        """How many connections a node has."""
        connections = self.management(index).get("/connections")
        return sum(row.get("node") == self.nodes[index].name for row in connections)

    def is_whole(self) -> bool:
        """Whether each queue has all its members online: then any one node may go."""
        queues = self.management().get(f"/queues/{VHOST}")
        return bool(queues) and all(len(row.get("online", [])) == _SIZE for row in queues)

    @property
    def amqp_url(self) -> str:
        """The vhost by way of each node; they are tried in turn."""
        return ";".join(f"{node.amqp_url}/{VHOST}" for node in self.nodes)

    def _run(self, command: list[str], environment: dict[str, str], name: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            environ = {**os.environ, **environment}
            return subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _share(node: Node, cookie: str) -> None:
    """Give a node the secret that those of a cluster have in common."""
    node.home.mkdir()
    file = node.home / ".erlang.cookie"
    file.write_text(cookie)
    file.chmod(0o400)


def _formation(nodes: Sequence[Node]) -> str:
    named = (
        f"cluster_formation.classic_config.nodes.{index + 1} = {node.name}"
        for index, node in enumerate(nodes)
    )
    lines = ["cluster_formation.peer_discovery_backend = classic_config", *named]
    return "\n".join([*lines, "cluster_partition_handling = pause_minority", f"default_vhost = {VHOST}", ""])
