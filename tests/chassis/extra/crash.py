"""`python -m tests.chassis.extra.crash run things`: the same service, but it dies where CRASH_AT says.

The product's code knows nothing of this: the one function at the point is wrapped from outside, and at its
call number CRASH_CALL the process gets SIGKILL from itself, before the function begins or after it has ended.
"""

from __future__ import annotations

import os
import signal
from functools import wraps
from itertools import count
from typing import Any

from tests.chassis.extra import __main__ as launcher  # makes the process green: first of all

# isort: split
from chassis import config
from chassis.broker import Pieces
from chassis.consume import Consumer
from chassis.db import Transaction
from chassis.handling import Handling
from chassis.relay import Relay


def emits(tx: Any, *_: Any) -> bool:
    """Tell a transaction with events in it from the many others."""
    return "outbox" in tx.wakes


# point -> (whose function, its name, when, which calls count)
POINTS: dict[str, tuple[type, str, str, Any]] = {
    "before commit": (Transaction, "commit", "before", emits),
    "after commit, before publish": (Transaction, "commit", "after", emits),
    "claimed, before publish": (Relay, "_publish", "before", None),
    "in the middle of publishing a batch": (Pieces, "send", "after", None),
    "after publish, before the confirm": (Relay, "_await", "before", None),
    "after confirm, before the row's removal": (Relay, "_await", "after", None),
    "consumer before its commit": (Handling, "_give", "after", None),
    "consumer after its commit, before the ack": (Consumer, "process", "after", None),
    "consumer in the middle of a batch": (Consumer, "_handle_one", "after", None),
}


def arm(point: str, call: int) -> None:
    """Wrap the function at the point."""
    owner, name, when, counts = POINTS[point]
    original, calls = getattr(owner, name), count(1)

    @wraps(original)
    def fatal(*args: Any) -> Any:
        dies = (counts is None or counts(*args)) and next(calls) == call
        if dies and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, fatal)


if __name__ == "__main__":
    environ = config.environment("things")
    arm(environ["CRASH_AT"], int(environ["CRASH_CALL"]))
    launcher.main()
