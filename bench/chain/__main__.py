"""`make bench`: the chain from a completed self-assessment to a notification, beside every peer, in one run.

In: self-assessments of about 1.2 kB, as fast as the broker takes them. Per chain: a score updated, a row of
its history and an event; an audit and an event; a notice. In all: at least once, once by an inbox, durable
quorum queues, confirms, acknowledgements after the commit, synchronous_commit on; Kedja has an outbox beside.
Sides take turns, and every row is verified after each round. Two businesses: next to none, and the product's
own pure functions (bench/chain/business). What each peer lacks is printed. Ends by itself; its databases and
vhost are its own, and go.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

from bench.chain import latency, report, rounds, scale
from bench.chain.sides import Kedja, Peer
from bench.chain.stage import stage
from bench.peers import NAMES
from chassis import logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.chain.ground import Ground

Result = TypeVar("Result")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--chains", type=int, default=2000, help="of a round")
    parser.add_argument("--rounds", type=int, default=3, help="of each side and business")
    parser.add_argument("--seconds", type=float, default=20, help="of the steady rate")
    parser.add_argument("--peers", nargs="*", default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument(
        "--scale", nargs="*", type=int, metavar="SUPPLIERS", help="only: by so many suppliers"
    )
    chosen = parser.parse_args()
    logs.configure("bench", "WARNING")  # lines of one's own only
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of what cleans up
    if chosen.scale is not None:
        return scale.main(chosen.scale or scale.SIZES, chosen.rounds, say)
    return compare(chosen)


def compare(chosen: Any) -> int:
    """Let all sides take turns, and print what came of it; 0 if the goals are met."""
    with stage("trivial", max(10 * chosen.chains, latency.chains(chosen.seconds))) as ground:
        trivial = throughput(ground, chosen)
        late = steady(ground, chosen)
        longer = rounds.one_round(Kedja(ground), 10 * chosen.chains)
    with stage("full", chosen.chains) as ground:
        full = throughput(ground, chosen)
    for name in chosen.peers:
        say(f"{name} lacks: {Peer(ground, name).lacks}")
    for lines in (report.table("trivial", trivial), report.table("full", full), report.latencies(late)):
        say("", *lines)
    peak = report.medians(trivial[report.OURS]).megabytes
    say(f"memory: {peak:.0f} MB at {chosen.chains} chains, {longer.megabytes:.0f} MB at ten times as many")
    if set(NAMES) - set(chosen.peers):
        return 0  # of some peers only: no goals, no last line
    missed = report.missed(trivial, full, late)
    say(*(f"missed: {each}" for each in missed), report.line(trivial, full, late))
    return 1 if missed else 0


def throughput(ground: Ground, chosen: Any) -> report.Rounds:
    """Return what each side came to."""

    def measure(side: Kedja | Peer) -> rounds.Round:
        its = rounds.one_round(side, chosen.chains)
        say(f"  {ground.business:8} {side.name:18} {its.rate:8.0f} chains/s {its.whole_cpu:6.2f} CPU s")
        return its

    return in_turn(ground, chosen, measure)


def steady(ground: Ground, chosen: Any) -> dict[str, list[latency.Latency]]:
    """Return how long chains take at a steady rate."""

    def measure(side: Kedja | Peer) -> latency.Latency:
        its = latency.measure(side, chosen.seconds)
        say(f"  steady   {side.name:18} p50 {its.p50:6.1f} ms  p99 {its.p99:6.1f} ms")
        return its

    return in_turn(ground, chosen, measure)


def in_turn(
    ground: Ground, chosen: Any, measure: Callable[[Kedja | Peer], Result]
) -> dict[str, list[Result]]:
    """Return what each side came to, round by round; every other round the other way about."""
    found = defaultdict(list)
    for number in range(chosen.rounds):
        sides = [Kedja(ground), *(Peer(ground, name) for name in chosen.peers)]
        for side in sides[:: 1 if number % 2 else -1]:
            found[side.name].append(measure(side))
    return found


def say(*lines: str) -> None:
    """Print at once."""
    sys.stdout.write("".join(f"{each}\n" for each in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
