"""Waiting on a condition, with a limit, and saying what the log said when it was not met."""

import sys
import time
from collections.abc import Callable

from deploy.local import supervision
from deploy.local.checkout import LOGS, Failure

_GIVE_UP_AFTER = 6.0  # seconds in which a process only dies and is started anew


def until(condition: Callable[[], bool], program: str, what: str, seconds: float = 60) -> None:
    """Wait until `condition` holds. A process that keeps dying ends the wait early; the last log lines go to stderr."""
    begun = time.monotonic()
    dying_since: float | None = None
    while not condition():
        now = time.monotonic()
        state = supervision.state_of(program)
        dying_since = (dying_since or now) if state in ("BACKOFF", "FATAL", "EXITED") else None
        if now - begun > seconds or (dying_since and now - dying_since > _GIVE_UP_AFTER):
            _show_log(program)
            raise Failure(
                f"{what} is not ready after {now - begun:.0f} s (its process is {state}); its log is {LOGS / program}.log."
            )
        time.sleep(0.05)


def _show_log(program: str, lines: int = 15) -> None:
    path = LOGS / f"{program}.log"
    if path.exists():
        last = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        print(*(f"  {program}: {line}" for line in last), sep="\n", file=sys.stderr)
