"""The sides of the comparison: what runs as which process, and how each is fed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bench.chain import feed, kedja
from bench.chain.ground import ENTRY, ROLES
from chassis import topology
from tests.backbone import wait_until
from tests.harness import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.chain.feed import Raw
    from bench.chain.ground import Ground

_STOP_SECONDS = 15


@dataclass
class Processes:
    """Processes of a side, each the head of a group of its own."""

    ground: Ground
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start one; what it says goes to a file."""
        with (self.ground.folder / f"{name}.log").open("ab") as log:
            self.started[name] = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pids(self) -> list[int]:
        """Return the heads'."""
        return [process.pid for process in self.started.values()]

    def check(self) -> None:
        """Raise UnfairError if one has ended."""
        for name, process in self.started.items():
            if process.poll() is not None:
                said = (self.ground.folder / f"{name}.log").read_text(errors="replace")[-2000:]
                raise feed.UnfairError(f"{name} has ended with {process.returncode}: {said}")

    def stop(self) -> None:
        """End all: asked first, killed if that takes too long."""
        for process in self.started.values():
            process.send_signal(signal.SIGTERM)
        for process in self.started.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=_STOP_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.started.clear()


class Kedja:
    """Services on the chassis."""

    name = "kedja"

    def __init__(self, ground: Ground) -> None:
        """Take the trivial services or the product's own, as the ground's business says."""
        self.ground = ground
        if ground.business != "product":
            self.queues = {role: queue for role, (queue, _, _) in kedja.QUEUES.items()}
            self.entry, places = "answers", {"answers": ENTRY, **ROLES}
        else:
            self.queues = {
                "scores": "suppliers.rescore",
                "plans": "audits.policy",
                "notes": "notifications.audits",
            }
            self.entry, places = ENTRY, {name: name for name in (ENTRY, *ROLES.values())}
        urls = {name: {**ground.urls[place]} for name, place in places.items()}
        module = "chassis" if ground.business == "product" else "bench.chain.kedja"
        self.platform = Platform(urls, ground.folder, module)
        for environment in self.platform.env.values():
            environment["BENCH_TOPOLOGY"] = str(topology.FILE)
            environment["BENCH_BUSINESS"] = ground.business

    def clear(self) -> None:
        """Empty its queues."""
        for queue in self.queues.values():
            self.ground.channel.queue_purge(queue)

    def produced(self, items: Sequence[Mapping[str, Any]]) -> list[Raw]:
        """Return what our relay would publish of completed self-assessments."""
        return [feed.envelope("assessment_completed", each, self.entry) for each in items]

    @contextmanager
    def running(self, *, entry: bool = False) -> Iterator[list[int]]:
        """Run the services, with or without the one where chains begin; give their processes' ids."""
        names = [name for name in self.platform.env if entry or name != self.entry]
        try:
            for name in names:
                self.platform.start(name)
            for name in names:
                self.platform.await_ready(name)
            yield [process.pid for process in self.platform.processes.values()]
        finally:
            for name in list(self.platform.processes):
                self.platform.stop(name, signal.SIGTERM)


class Peer:
    """Another stack, written in bench/peers."""

    def __init__(self, ground: Ground, name: str) -> None:
        """Name its module."""
        self.ground, self.name, self._module = ground, name, f"bench.peers.{name}"
        self.queues: Mapping[str, str] = import_module(self._module).QUEUES
        self.lacks: str = import_module(self._module).LACKS

    def clear(self) -> None:
        """Remove its queues: it makes them itself."""
        for queue in self.queues.values():
            self.ground.channel.queue_delete(queue)

    def produced(self, items: Sequence[Mapping[str, Any]]) -> list[Raw]:
        """Return what its own way to send makes of completed self-assessments."""
        command = [*self._command("produce"), self._written(items)]
        subprocess.run(command, env=self.entry_environment(), check=True)
        return feed.take_all(self.ground.channel, self.queues["scores"], len(items))

    def drive(self, items: Sequence[Mapping[str, Any]], rate: float) -> list[str]:
        """Return the command that commits and tells self-assessments at a rate."""
        return [*self._command("drive"), self._written(items), str(rate)]

    def entry_environment(self) -> dict[str, str]:
        """Return what the process needs where chains begin."""
        return {**os.environ, **self._environment(ENTRY)}

    def _written(self, items: Sequence[Mapping[str, Any]]) -> str:
        file = self.ground.folder / "assessments.ndjson"
        file.write_text("".join(feed.line(each) for each in items))
        return str(file)

    def _command(self, role: str) -> list[str]:
        return [sys.executable, "-W", "ignore", "-m", self._module, role]

    def _environment(self, service: str) -> dict[str, str]:
        return {**self.ground.urls[service], "BENCH_BUSINESS": self.ground.business}

    @contextmanager
    def running(self) -> Iterator[list[int]]:
        """Run the three stages; give their processes' ids."""
        processes = Processes(self.ground)
        try:
            for role, service in ROLES.items():
                processes.start(f"{self.name}-{role}", self._command(role), self._environment(service))
            wait_until(lambda: processes.check() or all(map(self.ground.waits_at, self.queues.values())), 60)
            yield processes.pids
        finally:
            processes.stop()
