"""A broker that is short of memory takes nothing: the relay waits, and publishes no row again and again."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from chassis import broker
from chassis.relay import Relay
from deploy.local.rabbitmq import SERVER, Node
from tests.backbone import wait_until
from tests.chassis.bench import Queue, emit
from tests.harness import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow  # boots a broker of its own


@dataclass
class Own:
    """A broker of this test's own."""

    node: Node

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run rabbitmqctl on it."""
        command = [str(SERVER.with_name("rabbitmqctl")), "-n", self.node.name, *arguments]
        return subprocess.run(command, env=self.environ, capture_output=True, timeout=60, check=False)

    @property
    def environ(self) -> dict[str, str]:
        """What makes it private."""
        return {**os.environ, **self.node.environment()}


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Own]:
    """Start a node with its own name server; end both."""
    ports = {name: free_port() for name in ("amqp", "management", "prometheus", "dist", "epmd")}
    own = Own(Node(f"kedja-test-{os.getpid()}@localhost", tmp_path / "node", ports, "secret"))
    own.node.home.mkdir()
    own.node.prepare()
    start = partial(subprocess.Popen, env=own.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with start(own.node.epmd_command) as epmd, start(own.node.command) as server:
        try:
            wait_until(lambda: own.ctl("await_startup").returncode == 0, 60)
            yield own
        finally:
            server.terminate()
            server.wait(30)
            epmd.terminate()


def test_a_relay_that_the_broker_blocks_waits_and_publishes_each_event_at_most_twice(
    own_broker, db, start, things
):
    url = f"{own_broker.node.amqp_url}//"
    with broker.channel(url) as channel:
        queue: Any = Queue(channel)
        relay = Relay(queue.exchange, ["thing_made"], db, url)
        start(relay)
        emit(db, "before")
        wait_until(lambda: not things.outbox())
        assert own_broker.ctl("set_vm_memory_high_watermark", "absolute", "1").returncode == 0
        emit(db, "during", "too")
        wait_until(lambda: not relay.ready)
        assert relay.connected
        assert things.outbox() == ["during", "too"]
        assert own_broker.ctl("set_vm_memory_high_watermark", "0.6").returncode == 0
        wait_until(lambda: not things.outbox())
        assert relay.ready
        names = queue.names()
    assert names[0] == "before"
    assert set(names) == {"before", "during", "too"}
    assert len(names) <= 5
