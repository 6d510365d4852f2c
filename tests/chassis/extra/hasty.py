"""`python -m tests.chassis.extra.hasty run things`: the same, with little patience for slow clients."""

from __future__ import annotations

from tests.chassis.extra import __main__ as launcher  # makes the process green: first of all

# isort: split

from chassis import door

if __name__ == "__main__":
    door.IDLE_SECONDS, door.HEAD_SECONDS, door.BODY_SECONDS, door.WRITE_SECONDS = 3.0, 1.0, 1.0, 1.0
    door._LOOK_SECONDS = 0.1
    launcher.main()
