"""Three broker nodes, two replicas of two services, a load: nodes and replicas go, nothing goes with them."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import requests

from chassis import migrate, topology
from deploy.local import provision
from tests import harness
from tests.backbone import wait_until
from tests.chassis.bench import Things
from tests.chassis.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # boots three brokers

PAIRS = ("suppliers", "assessments")  # whose databases the two services here get
WHOLE = {"things.made": 3}  # each queue has its three members


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three nodes."""
    nodes = Cluster(tmp_path)
    try:
        nodes.start()
        yield nodes
    finally:
        nodes.stop()


class Pair:
    """Two replicas of one service, and a load on them."""

    def __init__(self, name: str, urls: dict[str, str], folder: Path) -> None:
        consumed = {"things.made": ("things", ["thing_made"])}
        folder.mkdir()
        file = folder / "topology.json"
        file.write_text(topology.text(topology.definitions(["things"], consumed)))
        self.name, self.dsn, self.file = name, urls["DATABASE_URL"], file
        self.accepted: set[str] = set()
        self.unknown: set[str] = set()
        self.replicas = []
        for number in range(2):
            (folder / str(number)).mkdir()
            replica = harness.Platform({"things": urls}, folder / str(number), "tests.chassis.extra")
            replica.smtp.loop.close()  # never started
            replica.env["things"]["THINGS_TOPOLOGY"] = str(file)
            self.replicas.append(replica)
        self._ended = threading.Event()
        self._load = threading.Thread(target=self._run)

    def start(self) -> None:
        for replica in self.replicas:
            replica.start("things")
        self.await_ready()
        self._load.start()

    def await_ready(self) -> None:
        for replica in self.replicas:
            replica.await_ready("things")

    def end_load(self) -> None:
        self._ended.set()
        if self._load.ident:
            self._load.join()

    def stop(self) -> None:
        self.end_load()
        for replica in self.replicas:
            for name in list(replica.processes):
                replica.stop(name, signal.SIGKILL)

    def _run(self) -> None:
        """Ask one replica after the other for things, about 40 a second, until the load ends."""
        number = 0
        while not self._ended.wait(0.025):
            number += 1
            self._make(f"{number:05}", self.replicas[number % 2])

    def _make(self, name: str, replica: harness.Platform) -> None:
        try:
            answer = replica.send("POST", "things", "/things", {"name": name})
        except requests.RequestException:
            self.unknown.add(name)
        else:
            assert answer.status_code in {201, 503}
            (self.accepted if answer.status_code == 201 else self.unknown).add(name)

    def moves_on(self) -> None:
        """Wait until what is accepted from now on has come all its way through the broker."""
        target = len(self.accepted) + 20
        wait_until(lambda: len(self.accepted) > target, 60)
        names = set(self.accepted)
        with closing(Things(self.dsn)) as things:
            wait_until(lambda: names <= set(things.times()), 60)

    def nothing_is_lost_or_doubled(self) -> None:
        with closing(Things(self.dsn)) as things:
            wait_until(lambda: self.accepted <= set(things.times()), 60)
            wait_until(lambda: not things.outbox(), 60)
            assert set(things.times()) <= self.accepted | self.unknown
            assert set(things.times().values()) == {1}
            assert things.failed() == []


@pytest.fixture
def pairs(
    cluster: Cluster, admin: Any, namespace: str, tmp_path: Path, monkeypatch: Any
) -> Iterator[list[Pair]]:
    """Two services, each with a vhost and a database of its own, two replicas each."""
    own = f"{namespace}_cluster"
    databases = provision.provision_databases(own, admin)
    made = []
    try:
        for name in PAIRS:
            urls = {"DATABASE_URL": databases[name], "AMQP_URL": cluster.url(name)}
            pair = Pair(name, urls, tmp_path / name)
            made.append(pair)
            monkeypatch.setattr(topology, "FILE", pair.file)
            migrate.migrate(pair.dsn, "things")
            topology.apply(urls["AMQP_URL"])
            pair.start()
        yield made
    finally:
        for pair in made:
            pair.stop()
        provision.drop(own, admin)


def all_move_on(pairs: list[Pair]) -> None:
    for pair in pairs:
        pair.await_ready()
        pair.moves_on()


def test_nodes_and_replicas_that_go_under_load_take_nothing_with_them(cluster, pairs):
    assert [cluster.members(pair.name) for pair in pairs] == [WHOLE, WHOLE]
    all_move_on(pairs)
    cluster.end_node(2, signal.SIGTERM)
    all_move_on(pairs)
    cluster.start_node(2)
    pairs[0].replicas[1].stop("things", signal.SIGKILL)
    for pair in pairs:
        pair.moves_on()
    pairs[0].replicas[1].start("things")
    all_move_on(pairs)
    wait_until(lambda: all(cluster.members(pair.name) == WHOLE for pair in pairs), 60)
    cluster.end_node(0, signal.SIGKILL)  # the one that all are connected to: they go on with the others
    all_move_on(pairs)
    cluster.start_node(0)
    wait_until(lambda: all(cluster.members(pair.name) == WHOLE for pair in pairs), 60)
    for pair in pairs:
        pair.end_load()
        pair.await_ready()
        pair.nothing_is_lost_or_doubled()
        sys.stdout.write(f"cluster: {pair.name} accepted={len(pair.accepted)} unknown={len(pair.unknown)}\n")
