"""`python -m tests.chaos --seconds 120 --seed 7`: see docs/chaos.md."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chassis import logs
from tests.chaos import ledger, report
from tests.chaos.books import Books
from tests.chaos.faults import Faults
from tests.chaos.load import Load
from tests.chaos.messages import Messages
from tests.chaos.rest import await_rest
from tests.chaos.stage import Stage

if TYPE_CHECKING:
    from tests.chaos.ledger import Ledger


def main() -> int:
    """Do one run; return 0 only if every row of the ledger holds."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logs.configure("chaos", "WARNING")  # lines of one's own only
    folder = Path(tempfile.mkdtemp(prefix="kedja-chaos-"))
    say(f"chaos: seed {arguments.seed}, {arguments.seconds:.0f} s of faults, logs in {folder}")
    clean = False
    try:
        stage = Stage(folder)
        try:
            clean = run(stage, arguments.seconds, arguments.seed)
        finally:
            stage.end()
    finally:
        if clean:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            sys.stderr.write(f"chaos: the logs are kept in {folder}\n")
    return 0 if clean else 1


def run(stage: Stage, seconds: float, seed: int) -> bool:
    """Load and faults, then rest, then the ledger; tell whether it is clean."""
    stage.replicas.start()
    stage.ground.furnish()
    messages = Messages(stage.ground.amqp_url, random.Random(f"messages {seed}"))  # noqa: S311
    load, faults = Load(stage.replicas, seed), Faults(stage, messages, seed)
    load.start()
    faults.run(seconds)
    ended = time.monotonic()
    load.stop()
    say(f"chaos: faults and load have ended after {faults.count} faults; waiting for rest")
    with Books(stage.urls) as books:
        rested = await_rest(stage.ground, books)
        messages.end()
        drawn = ledger.draw_up(stage.ground, books, load.book, messages.planted)
    return conclude(drawn, load, seed, faults.count, None if rested is None else rested - ended)


def conclude(drawn: Ledger, load: Load, seed: int, faults: int, recovered: float | None) -> bool:
    """Say what was found."""
    say(*report.table(drawn, load.book))
    say(report.last_line(drawn, seed, faults, recovered))
    return drawn.clean and recovered is not None


def say(*lines: str) -> None:
    """Print at once."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
