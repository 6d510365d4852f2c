"""Waiting on a condition, with a limit, and showing what the log said when it was not met."""

import time
from collections.abc import Callable

from deploy.local import supervision
from deploy.local.checkout import LOGS, SetupError
from deploy.local.console import warn

_GIVE_UP_AFTER = 6.0  # seconds in which a process does nothing but die and be started anew


def until(condition: Callable[[], bool], program: str, what: str, seconds: float = 60) -> None:
    """Wait until `condition` holds. A process that takes too long or keeps dying is a SetupError."""
    begun = time.monotonic()
    dying_since: float | None = None
    while not condition():
        now, state = time.monotonic(), supervision.state_of(program)
        dying_since = (dying_since or now) if state in ("BACKOFF", "FATAL", "EXITED") else None
        if now - begun > seconds or (dying_since and now - dying_since > _GIVE_UP_AFTER):
            show_log(program)
            waited = f"not ready after {now - begun:.0f} s (its process: {state})"
            raise SetupError(f"{what} is {waited}: see {LOGS / program}.log.")
        time.sleep(0.05)


def show_log(program: str, lines: int = 15) -> None:
    """Print the end of a program's log as trouble."""
    path = LOGS / f"{program}.log"
    if path.exists():
        last = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        warn(*(f"  {program}: {line}" for line in last))
