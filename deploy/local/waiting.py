"""Waiting on a condition, with a limit, and showing what the log said when it was not met."""

import time
from collections.abc import Callable

from deploy.local import supervision
from deploy.local.checkout import LOGS, SetupError
from deploy.local.console import warn

_LIVES = 4  # a process that needed so many starts will not become ready


def until(condition: Callable[[], bool], program: str, what: str, seconds: float = 60) -> None:
    """Wait until `condition` holds. A process that takes too long or keeps dying is a SetupError."""
    begun = time.monotonic()
    starts = set()
    while not condition():
        info, waited = supervision.info_of(program), time.monotonic() - begun
        starts.add(info["start"])
        if waited > seconds or len(starts) >= _LIVES:
            show_log(program)
            keeps_dying = ", it keeps dying" if len(starts) >= _LIVES else ""
            raise SetupError(
                f"{what} is not ready after {waited:.0f} s{keeps_dying}: see {LOGS / program}.log."
            )
        time.sleep(0.05)


def show_log(program: str, lines: int = 15) -> None:
    """Print the end of a program's log as trouble."""
    path = LOGS / f"{program}.log"
    if path.exists():
        last = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        warn(*(f"  {program}: {line}" for line in last))
