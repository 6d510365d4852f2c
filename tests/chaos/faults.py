"""A seeded schedule of faults: what happens, and when, follows from the seed alone."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from tests.chaos.stage import SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.chaos.messages import Messages
    from tests.chaos.stage import Stage


class Faults:
    """One fault after the other; each leaves everything running again, though not always ready."""

    def __init__(self, stage: Stage, messages: Messages, seed: int) -> None:
        """Nothing has happened yet."""
        self._stage, self._messages = stage, messages
        self._chance = random.Random(f"faults {seed}")  # noqa: S311  a schedule, not a secret
        self._pause = threading.Event()  # never set: a wait on it is the time between two faults
        self.count = 0

    def run(self, seconds: float) -> None:
        """Let faults happen for so long; the last one is brought to its end."""
        begun = time.monotonic()
        for fault in self._deck():
            self._pause.wait(self._chance.uniform(0.5, 3))
            at = time.monotonic() - begun
            told = fault()
            self.count += 1
            sys.stdout.write(f"chaos: {at:6.1f} s  {told}\n")
            sys.stdout.flush()
            if time.monotonic() - begun > seconds:
                return

    def _deck(self) -> Iterator[Callable[[], str]]:
        """Every kind of fault once, in some order; then again in another."""
        kinds = [
            *(self.kill, self.kill, self.roll, self.restart_broker, self.kill_broker, self.restart_database),
            *(self.crash_database, self.cut_broker, self.cut_database, self.pause, self.flood, self.poison),
        ]
        while True:
            yield from self._chance.sample(kinds, len(kinds))

    def kill(self) -> str:
        """A replica dies in the middle of whatever it does, and is started again."""
        service, number = self._one()
        replica = self._stage.replicas.sets[number]
        replica.stop(service, signal.SIGKILL)
        replica.start(service)
        return f"kill -9 {service} {number}, started again"

    def roll(self) -> str:
        """A service is restarted as for a new release."""
        service = self._chance.choice(SERVICES)
        self._stage.replicas.await_ready()
        self._stage.replicas.roll(service)
        return f"rolling restart of {service}"

    def restart_broker(self) -> str:
        """The broker is restarted in good order."""
        return self._broker(signal.SIGTERM)

    def kill_broker(self) -> str:
        """The broker dies and is started again."""
        return self._broker(signal.SIGKILL)

    def _broker(self, number: signal.Signals) -> str:
        servers = self._stage.servers
        servers.end("rabbitmq", number)
        servers.start_broker()
        servers.await_broker()
        return f"broker restarted after {number.name}"

    def restart_database(self) -> str:
        """PostgreSQL throws all sessions out and is started again."""
        return self._database(signal.SIGINT)

    def crash_database(self) -> str:
        """PostgreSQL stops at once, recovers and goes on."""
        return self._database(signal.SIGQUIT)

    def _database(self, number: signal.Signals) -> str:
        self._stage.servers.end("postgres", number)
        self._stage.servers.start_database()
        return f"database restarted after {number.name}"

    def cut_broker(self) -> str:
        """Every connection to the broker is cut after a few more bytes."""
        count = self._chance.randrange(20_000)
        self._stage.before_broker.cut_after(count)
        return f"connections to the broker cut after {count} bytes"

    def cut_database(self) -> str:
        """Every connection of one service to its database is cut after a few more bytes."""
        service, count = self._chance.choice(SERVICES), self._chance.randrange(20_000)
        self._stage.before_database[service].cut_after(count)
        return f"connections of {service} to its database cut after {count} bytes"

    def pause(self) -> str:
        """A replica stands still for a while, with its locks and messages in its hands."""
        service, number = self._one()
        process = self._stage.replicas.sets[number].processes[service]
        seconds = self._chance.uniform(1, 5)
        process.send_signal(signal.SIGSTOP)
        self._pause.wait(seconds)
        process.send_signal(signal.SIGCONT)
        return f"{service} {number} stood still for {seconds:.1f} s"

    def flood(self) -> str:
        """Real messages come again, many times."""
        before = self._messages.duplicates
        self._messages.flood()
        return f"{self._messages.duplicates - before} duplicates of real messages"

    def poison(self) -> str:
        """Messages come that nobody can read."""
        before = len(self._messages.planted)
        self._messages.poison()
        return f"{len(self._messages.planted) - before} poisonous messages"

    def _one(self) -> tuple[str, int]:
        return self._chance.choice(SERVICES), self._chance.randrange(len(self._stage.replicas.sets))
