"""The command line that all peers have, and the clock of the latency run.

python -m bench.peers.<module> scores | plans | notes     work until SIGTERM
python -m bench.peers.<module> produce FILE               publish each line, then exit
python -m bench.peers.<module> drive FILE RATE            commit and tell so many a second, then exit
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.peers import ROLES, steps
from bench.peers.messages import Message, first

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

_LATE_SECONDS = 0.1


class Moments:
    """Messages at a steady rate, each at its moment of a clock that does not drift; to iterate over, once."""

    def __init__(self, items: list[dict[str, Any]], rate: float) -> None:
        """`rate`: how many a second."""
        self._items, self._rate = items, rate
        self._latest = 0.0

    def __iter__(self) -> Iterator[Message]:
        """Give each at its moment, sleeping until then."""
        started = time.perf_counter()
        for number, data in enumerate(self._items):
            time.sleep(self._wait(started, number))
            yield first(data)
        self._judge()

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Give each at its moment, while others run."""
        started = time.perf_counter()
        for number, data in enumerate(self._items):
            await asyncio.sleep(self._wait(started, number))
            yield first(data)
        self._judge()

    def _wait(self, started: float, number: int) -> float:
        early = started + number / self._rate - time.perf_counter()
        self._latest = max(self._latest, -early)
        return max(early, 0.0)

    def _judge(self) -> None:
        if self._latest > _LATE_SECONDS:
            sys.stderr.write(f"fell behind by up to {self._latest:.3f} s at {self._rate}/s\n")


def main(
    work: Callable[[str], object],
    produce: Callable[[Iterable[Message]], object],
    drive: Callable[[Moments], object],
) -> None:
    """Do what the arguments say: `produce` gets messages, `drive` gets them with their moments."""
    role, arguments = sys.argv[1], sys.argv[2:]
    if role in ROLES:
        work(role)
    elif role == "produce":
        produce([first(data) for data in _lines(arguments[0])])
    elif role == "drive":
        drive(Moments(list(_lines(arguments[0])), float(arguments[1])))
    else:
        sys.exit(__doc__)


def become(module: str, *arguments: str) -> None:
    """Go on as another program of Python's, in this process."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606  no shell is the point


def each_told(items: Iterable[Message], publish: Callable[[Message], object]) -> None:
    """Keep each assessment, commit, then tell of it: a latency run without an outbox."""
    connection = steps.connect()
    for message in items:
        steps.add_assessment(connection, message)
        publish(message)


def each_kept(items: Iterable[Message], publish: Callable[[Message], object]) -> None:
    """Keep each assessment with an outbox row, while a relay publishes these every 50 ms."""
    connection = steps.connect()
    with _relaying(publish):
        for message in items:
            steps.add_assessment(connection, message, outbox=True)


@contextmanager
def _relaying(publish: Callable[[Message], object]) -> Iterator[None]:
    done = threading.Event()

    def run() -> None:
        connection = steps.connect()
        while not done.wait(steps.RELAY_SECONDS):
            steps.relay(connection, publish)
        steps.relay(connection, publish)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _lines(file: str) -> Iterator[dict[str, Any]]:
    with Path(file).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
