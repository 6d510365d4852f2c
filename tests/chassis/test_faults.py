"""Broker and database restart, block, lose things: services live on, and metrics tell what happened."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2
import pytest

from chassis import broker, topology
from deploy.local import admin, provision
from deploy.local.rabbitmq import SERVER
from tests import harness
from tests.backbone import wait_until
from tests.chaos.servers import Servers, free_ports
from tests.chassis.bench import Things

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow  # servers of its own, which boot and are restarted

QUEUE = "things.made"
ALL_STAND = {"database": 1.0, "relay": 1.0, QUEUE: 1.0}


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """A broker and a database that nobody else uses."""
    with tempfile.TemporaryDirectory(prefix="kedja-faults-") as name:
        own = Servers(Path(name), free_ports(6))
        try:
            own.start()
            yield own
        finally:
            own.stop()


@pytest.fixture(scope="module")
def urls(servers: Servers) -> dict[str, str]:
    """The service's database and vhost on them."""
    with closing(psycopg2.connect(servers.admin.database_url)) as conn:
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute("CREATE DATABASE kedja_things")
    user, password = admin.login(servers.admin.database_url)
    database = admin.with_login(servers.admin.database_url, user, password, "kedja_things")
    return {"DATABASE_URL": database, "AMQP_URL": provision.provision_vhost("kedja_faults", servers.admin)}


@pytest.fixture(scope="module")
def running(urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Platform]:
    """The tests' own service on them; it must be the same process from the first test to the last."""
    folder = tmp_path_factory.mktemp("faults")
    consumed = {QUEUE: ("things", ["thing_made"])}
    (folder / "topology.json").write_text(topology.text(topology.definitions(["things"], consumed)))
    service = harness.Platform({"things": urls}, folder, "tests.chassis.extra.impatient")
    service.env["things"]["THINGS_TOPOLOGY"] = str(folder / "topology.json")
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(topology, "FILE", folder / "topology.json")
            service.start_all()
        yield service
    finally:
        service.stop_all()


class Service:
    """The running service as an operator sees it, and its database as a bystander does."""

    def __init__(self, platform: harness.Platform, dsn: str) -> None:
        self.platform, self._dsn = platform, dsn
        self.before = self.metrics()

    @property
    def things(self) -> Things:
        """A connection that lasts for one look: the database may have been restarted."""
        return Things(self._dsn)

    def make(self, *names: str) -> list[int]:
        """Ask for a thing per name; return the statuses."""
        path = "/things"
        return [self.platform.send("POST", "things", path, {"name": name}).status_code for name in names]

    def make_and_see(self, name: str) -> None:
        """Ask for a thing, and wait until all of its way is behind it."""
        assert self.make(name) == [201]
        with closing(self.things) as things:
            wait_until(lambda: things.times().get(name) and not things.outbox())

    def ready(self) -> bool:
        return self.platform.ops("things", "/readyz").status_code == 200

    def metrics(self) -> dict[str, float]:
        """Return every sample of /metrics: `name{labels}` -> value."""
        rows = [row for row in self.platform.ops("things", "/metrics").text.splitlines() if row[0] != "#"]
        return {row.rpartition(" ")[0]: float(row.rpartition(" ")[2]) for row in rows}

    def metric(self, name: str, **labels: str) -> float:
        """Return a sample's value; 0 for one that is not there yet."""
        text = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        return self.metrics().get(f"{name}{{{text}}}" if labels else name, 0.0)

    def grown(self, name: str, **labels: str) -> float:
        """Return by how much a counter has grown since the test began."""
        text = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        return self.metric(name, **labels) - self.before.get(f"{name}{{{text}}}", 0.0)

    def parts(self) -> dict[str, float]:
        """Return what `part_ready` says."""
        found = (re.fullmatch(r'part_ready\{part="(.+)"\}', name) for name in self.metrics())
        return {match[1]: self.metrics()[match[0]] for match in found if match}

    def all_is_well(self, names: list[str]) -> None:
        """Wait until it is ready and each has had its effect once; no event has failed, none waits."""
        wait_until(self.ready, 60)
        with closing(self.things) as things:
            wait_until(lambda: set(names) <= set(things.times()), 30)
            wait_until(lambda: not things.outbox(), 30)
            assert things.times() == dict.fromkeys(names, 1)
            assert things.failed() == []
        wait_until(lambda: self.metric("outbox_pending") == 0)
        assert self.metric("failed_events", state="retry") == 0
        assert self.metric("failed_events", state="parked") == 0
        assert self.parts() == ALL_STAND
        assert self.grown("events_handled_total", queue=QUEUE, type="thing_made", outcome="handled") == len(
            names
        )
        assert self.grown("event_age_seconds_count", queue=QUEUE) == len(names)


@pytest.fixture
def service(running: harness.Platform, urls: dict[str, str]) -> Iterator[Service]:
    """The service, ready, with empty tables; the test's faults do not end its process."""
    running.await_ready("things")
    with closing(Things(urls["DATABASE_URL"])) as things:
        things.empty("outbox", "inbox", "failed_event", "subject_version", "thing", "seat")
    pid = running.processes["things"].pid
    yield Service(running, urls["DATABASE_URL"])
    assert running.processes["things"].poll() is None
    assert running.processes["things"].pid == pid


def ctl(servers: Servers, *arguments: str) -> None:
    """Run rabbitmqctl on the private broker."""
    command = [str(SERVER.with_name("rabbitmqctl")), "-n", servers.node.name, *arguments]
    environ = {**os.environ, **servers.node.environment()}
    subprocess.run(command, env=environ, capture_output=True, timeout=60, check=True)


def test_a_broker_short_of_memory_is_waited_for(servers, service):
    service.make_and_see("before")
    ctl(servers, "set_vm_memory_high_watermark", "absolute", "1")
    try:
        assert service.make("a", "b") == [201, 201]
        wait_until(lambda: not service.ready())
        assert service.metric("publishing_blocked") == 1
        wait_until(lambda: service.metric("outbox_pending") == 2)
        assert service.metric("outbox_oldest_seconds") > 0
        assert service.parts() == {"database": 1.0, "relay": 0.0, QUEUE: 1.0}
    finally:
        ctl(servers, "set_vm_memory_high_watermark", "0.6")
    service.all_is_well(["before", "a", "b"])
    assert service.metric("publishing_blocked") == 0
    assert service.grown("disconnects_total", part="relay", cause="broker") == 0


def test_a_queue_that_is_deleted_and_made_again_is_consumed_again(
    servers, service, running, urls, monkeypatch
):
    service.make_and_see("before")
    with broker.channel(urls["AMQP_URL"]) as channel:
        channel.queue_delete(QUEUE)
    wait_until(lambda: not service.ready())
    assert service.parts() == {"database": 1.0, "relay": 1.0, QUEUE: 0.0}
    assert service.make("a", "b") == [201, 201]
    wait_until(lambda: service.grown("events_published_total", type="thing_made", outcome="put_back") >= 2)
    wait_until(lambda: service.metric("outbox_pending") == 2)
    assert service.grown("disconnects_total", part=QUEUE, cause="broker") > 0
    monkeypatch.setattr(topology, "FILE", running.folder / "topology.json")
    topology.apply(urls["AMQP_URL"])
    service.all_is_well(["before", "a", "b"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_broker_that_restarts_is_found_again(servers, service, number):
    service.make_and_see("before")
    servers.end("rabbitmq", number)
    try:
        wait_until(lambda: not service.ready())
        assert service.make("a", "b") == [201, 201]
        wait_until(lambda: service.metric("outbox_pending") == 2)
        assert service.parts() == {"database": 1.0, "relay": 0.0, QUEUE: 0.0}
    finally:
        servers.start_broker()
    service.all_is_well(["before", "a", "b"])
    assert service.grown("disconnects_total", part="relay", cause="broker") > 0
    assert service.grown("disconnects_total", part=QUEUE, cause="broker") > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_database_that_restarts_in_the_middle_of_a_batch_costs_no_attempt(servers, service, number):
    service.make_and_see("before")
    locks = service.things
    locks.ask("BEGIN")
    locks.ask("LOCK TABLE thing IN SHARE MODE")  # the handler is in the middle until the database goes
    assert service.make("a", "b") == [201, 201]
    wait_until(lambda: locks.ask("SELECT count(*) FROM pg_locks WHERE NOT granted") != [0])
    servers.end("postgres", number)
    try:
        wait_until(lambda: not service.ready())
        assert service.make("refused") == [503]
        wait_until(lambda: service.grown("batches_redone_total", queue=QUEUE, fault="infrastructure") > 0)
        wait_until(lambda: service.parts()["database"] == 0.0)
        assert service.parts()[QUEUE] == 1.0
    finally:
        servers.start_database()
        with suppress(psycopg2.Error):
            locks.close()
    service.all_is_well(["before", "a", "b"])


def test_backends_that_are_terminated_again_and_again_cost_no_attempt(service):
    names = [f"{number:03}" for number in range(60)]
    statuses = []
    with closing(service.things) as things:
        for name in names:
            statuses += service.make(name)
            things.ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        wait_until(lambda: not things.outbox(), 60)
    accepted = [name for name, status in zip(names, statuses, strict=True) if status == 201]
    assert set(statuses) <= {201, 503}
    assert accepted
    service.all_is_well(accepted)


def test_a_lag_drains_by_itself_when_a_held_handler_goes_on(service):
    names = [f"{number:03}" for number in range(40)]
    with closing(service.things) as locks:
        locks.ask("BEGIN")
        locks.ask("LOCK TABLE thing IN SHARE MODE")
        assert set(service.make(*names)) == {201}
        wait_until(lambda: locks.ask("SELECT count(*) FROM outbox") == [0])
        locks.ask("COMMIT")
    service.all_is_well(names)
