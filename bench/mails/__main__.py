"""`make bench-mails`: 20,000 queued notices go out over SMTP, beside plain smtplib on one kept connection.

The notifications service as a process sends invitations to 20,000 suppliers; smtplib's `sendmail`, in a
process of its own, sends the very bytes that the service sent. Both in turn, into the same kind of sink, a
fresh process each time. The sink's count and the database's records must show each notice exactly once. The
service's time runs from its being woken to the last record, smtplib's from connecting to QUIT.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.mails import sink
from bench.mails.stage import Round, Stage, stage
from chassis import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDES = ("kedja", "smtplib")
GOAL = 0.8

Rounds = dict[str, list[Round]]


def main() -> int:
    """Measure and print; 0 if the service reaches the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3, help="of each side")
    default = sink.POSTFIX if sink.postfix() else sink.OWN
    parser.add_argument("--sink", choices=(sink.POSTFIX, sink.OWN), default=default)
    chosen = parser.parse_args()
    logs.configure("bench", "WARNING")  # lines of one's own only
    with (
        tempfile.TemporaryDirectory(prefix="kedja-bench-") as folder,
        stage(Path(folder), chosen.mails, chosen.sink) as made,
    ):
        say(f"{chosen.mails} mails of {made.record()} octets into {chosen.sink}")
        found = measure(made, chosen.rounds)
    for each in [*table(found), line(found, chosen.sink)]:
        say(each)
    return 0 if ratio(found) >= GOAL else 1


def measure(made: Stage, rounds: int) -> Rounds:
    """Let both sides take turns; the recording was the service's warming up."""
    found: Rounds = {side: [] for side in SIDES}
    for turn in range(rounds):
        for side in SIDES[:: 1 if turn % 2 else -1]:
            result: Round = getattr(made, side)()
            found[side].append(result)
            say(f"  {side:8} {result.rate:8.1f}/s")
    return found


def medians(rounds: list[Round]) -> Round:
    """Return the median of each figure."""
    return Round(*map(statistics.median, zip(*rounds, strict=True)))


def ratio(found: Rounds) -> float:
    """Return the service's rate by smtplib's."""
    return medians(found["kedja"]).rate / medians(found["smtplib"]).rate


def table(found: Rounds) -> Iterator[str]:
    """Return the table's lines."""
    yield "             mails/s (min to max)      CPU s per 1,000: sender   PostgreSQL"
    for side in SIDES:
        rounds, middle = found[side], medians(found[side])
        span = f"({min(rounds).rate:.0f} to {max(rounds).rate:.0f})"
        yield f"{side:10} {middle.rate:9.0f} {span:18} {middle.cpu:21.2f} {middle.backends:12.2f}"


def line(found: Rounds, into: str) -> str:
    """Return the last line; cpu_ratio: the service with PostgreSQL by smtplib, per mail."""
    rates = " ".join(f"{side}={medians(found[side]).rate:.0f}/s" for side in SIDES)
    cpu = medians(found["kedja"]).all_cpu / medians(found["smtplib"]).all_cpu
    return f"bench-mails: {rates} ratio={ratio(found):.2f} cpu_ratio={cpu:.2f} sink={into}"


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
