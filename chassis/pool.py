"""Who gets a connection next: the waiting of a pool."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chassis.transaction import Transaction


class Turn:
    """Somebody's wait for a place, and the connection that came with it."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        self.came = threading.Event()
        self.given: Transaction | None = None


class Pool:
    """Room for `size` connections: who comes when all are busy waits, and is served in the order of coming.

    A queue's waiters would be overtaken by whoever comes while they wake up, and some of them time and again.
    """

    def __init__(self, size: int) -> None:
        """Begin with places without connections."""
        self.free: list[Transaction | None] = [None] * size
        self.waiting: deque[Turn] = deque()
        self._lock = threading.Lock()

    def take(self) -> Transaction | None:
        """Return the connection that was used last, or None: one must be made."""
        with self._lock:
            if self.free:
                return self.free.pop()
            turn = Turn()
            self.waiting.append(turn)
        try:
            turn.came.wait()
        except BaseException:
            self._leave(turn)
            raise
        return turn.given

    def give(self, conn: Transaction | None) -> None:
        """Give a place back, to whoever has waited for longest."""
        with self._lock:
            if not self.waiting:
                self.free.append(conn)
                return
            turn = self.waiting.popleft()
        turn.given = conn
        turn.came.set()

    def _leave(self, turn: Turn) -> None:
        """Stop waiting; a place that has just been given goes to the next."""
        with self._lock:
            waits = turn in self.waiting
            if waits:
                self.waiting.remove(turn)
        if not waits:
            self.give(turn.given)

    def empty(self) -> list[Transaction]:
        """Take out the connections that nobody uses; the places stay."""
        with self._lock:
            idle = [conn for conn in self.free if conn is not None]
            self.free = [None] * len(self.free)
        return idle
