"""A private RabbitMQ node: own name, ports, cookie, epmd and data; loopback only; nothing of the system's.

Every place where its scripts would fall back to /etc/rabbitmq or /var/lib/rabbitmq is set. The program under
`lib` is started: the wrapper in `sbin` changes to user `rabbitmq`, who can't enter a 0700 folder.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.local.checkout import write_private

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
USER = "kedja_admin"
_CONF = """# Written anew at every start by deploy/local/rabbitmq.py
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = {prometheus}
default_user = {user}
default_pass = {password}
log.console = true
log.console.level = info
# Of a machine that does other things too: the default write-ahead log of 512 MB is made for a broker alone.
raft.wal_max_size_bytes = 67108864
"""


@dataclass(frozen=True)
class Node:
    """A broker node. `home` is its folder; `ports` has amqp, management, prometheus, dist and epmd."""

    name: str
    home: Path
    ports: dict[str, int]
    password: str

    @property
    def management_url(self) -> str:
        """The administrator's, for the HTTP API."""
        return f"http://{USER}:{self.password}@127.0.0.1:{self.ports['management']}"

    @property
    def amqp_url(self) -> str:
        """The administrator's, without a vhost."""
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self.ports['amqp']}"

    @property
    def command(self) -> list[str]:
        """The broker in the foreground."""
        return [str(SERVER)]

    @property
    def epmd_command(self) -> list[str]:
        """Erlang's name server in the foreground: a node that finds none leaves a daemon behind."""
        return [shutil.which("epmd") or "epmd", "-address", "127.0.0.1", "-port", str(self.ports["epmd"])]

    def prepare(self) -> None:
        """Write configuration, plugins and cookie."""
        for folder in ("", "data", "logs", "conf.d"):
            (self.home / folder).mkdir(mode=0o700, exist_ok=True)
        conf = _CONF.format(**self.ports, user=USER, password=self.password)
        write_private(self.home / "rabbitmq.conf", conf)
        write_private(self.home / "enabled_plugins", "[rabbitmq_management,rabbitmq_prometheus].\n")
        write_private(
            self.home / "rabbitmq-env.conf", "# empty: /etc/rabbitmq/rabbitmq-env.conf must not count\n"
        )
        if not (cookie := self.home / ".erlang.cookie").exists():
            write_private(cookie, os.urandom(20).hex())
            cookie.chmod(0o400)

    def environment(self) -> dict[str, str]:
        """What makes the node, and also `rabbitmqctl`, private."""
        home = self.home
        return {
            "HOME": str(home),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.ports["epmd"]),
            "ERL_CRASH_DUMP": str(home / "logs" / "erl_crash.dump"),
            # The script then becomes the broker instead of its parent: one process to watch and signal.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_START_ARGS": "-noinput +B i",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.ports["amqp"]),
            "RABBITMQ_DIST_PORT": str(self.ports["dist"]),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "logs"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        }
