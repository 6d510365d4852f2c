"""`make bench-http`: GET of an item, a list of 50 on 100,000 suppliers, POST with Idempotency-Key and outbox.

The suppliers service and, beside it, FastAPI + uvicorn + asyncpg doing the same work on the same tables; one
process each, loaded in turn by wrk. Every answer must be a success; what POSTs wrote is counted afterwards.
Both have ten connections to the database; the load has 64 clients on 16 connections. The service's relay and
sealer run for both, in the service's process. Ends by itself; the database is its own, and goes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
from pathlib import Path

import requests

from bench.http import load, report
from bench.http.stage import Stage, stage
from bench.http.targets import CLIENTS, addresses
from chassis import logs
from tests import tokens


def main() -> int:
    """Measure and print; 0 if the service is at least as fast in each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a round")
    parser.add_argument("--rounds", type=int, default=3, help="of each kind, for each side")
    chosen = parser.parse_args()
    logs.configure("bench", "WARNING")  # lines of one's own only
    if not shutil.which("wrk"):
        sys.stderr.write("bench-http needs wrk: type `apt-get install wrk`.\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="kedja-bench-") as folder, stage(Path(folder)) as made:
        same_answers(made)
        found = measure(made, chosen.rounds, chosen.seconds)
    say(f"{CLIENTS} clients on {load.CONNECTIONS} connections; the peer runs on {loop()}")
    for each in [*report.table(found), report.line(found)]:
        say(each)
    return 0 if min(report.ratios(found).values()) >= 1 else 1


def same_answers(made: Stage) -> None:
    """Raise UnfairError unless both sides show the same items in the same way."""
    for kind in ("get", "list"):
        bodies = []
        for side in made.sides:
            path = addresses(made, kind, side).read_text(encoding="utf-8").splitlines()[0]
            answer = requests.get(side.base + path, headers=tokens.OFFICE, timeout=20)
            shown = json.loads(answer.text.replace('Z"', '+00:00"'))  # pydantic's way to write UTC
            bodies.append({**shown, "next": None, "etag": answer.headers["ETag"][:3]})
        if bodies[0] != bodies[1]:
            raise load.UnfairError(f"{kind}: the sides answer differently: {bodies}")


def measure(made: Stage, rounds: int, seconds: float) -> report.Rounds:
    """Let both sides take turns, each kind of request after the other; the first rounds only warm."""
    found: report.Rounds = {(kind, side.name): [] for kind in load.KINDS for side in made.sides}
    number = 0
    for turn in range(rounds + 1):
        for kind in load.KINDS:
            for side in made.sides[:: 1 if turn % 2 else -1]:
                result = load.one_round(made, kind, side, number, seconds if turn else 1.0)
                number += kind == "post"
                if turn:
                    found[kind, side.name].append(result)
                    say(f"  {kind:5} {side.name:6} {result.rate:8.1f}/s  p99 {result.p99:7.1f} ms")
    return found


def loop() -> str:
    """Return what uvicorn finds to run on."""
    fast = [name for name in ("uvloop", "httptools") if importlib.util.find_spec(name)]
    return " and ".join(fast) or "asyncio and h11"


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
