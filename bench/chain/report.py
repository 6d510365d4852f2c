"""What the rounds came to, as tables and as one line for machines."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.chain.rounds import Round
from bench.commit import commit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.chain.latency import Latency

    Rounds = Mapping[str, Sequence[Round]]  # by side

OURS, NAMEKO = "kedja", "nameko_peer"


def medians(found: Sequence[Round]) -> Round:
    """Return the median of each figure."""
    return Round(*map(statistics.median, zip(*found, strict=True)))


def best_peer(found: Rounds) -> str:
    """Return the fastest of the others."""
    return max((name for name in found if name != OURS), key=lambda name: medians(found[name]).rate)


def ratio(found: Rounds, peer: str) -> float:
    """Return how many times a peer's rate ours is."""
    return medians(found[OURS]).rate / medians(found[peer]).rate


def cpu_ratio(found: Rounds, peer: str) -> float:
    """Return which part of a peer's processor time a chain takes with us, broker and database included."""
    return medians(found[OURS]).whole_cpu / medians(found[peer]).whole_cpu


def table(business: str, found: Rounds) -> Iterator[str]:
    """Yield a business' lines."""
    yield f"{business:18} chains/s (min to max)   CPU s per 1,000: side  broker database   sum  peak MB    x"
    for name, its in sorted(found.items(), key=lambda each: -medians(each[1]).rate):
        middle = medians(its)
        span = f"({min(each.rate for each in its):.0f} to {max(each.rate for each in its):.0f})"
        spent = f"{middle.cpu:21.2f} {middle.broker:7.2f} {middle.database:9.2f} {middle.whole_cpu:5.2f}"
        beside = f"{middle.megabytes:9.0f} {ratio(found, name):5.1f}"
        yield f"{name:18} {middle.rate:8.0f} {span:16} {spent} {beside}"


def latencies(found: Mapping[str, Sequence[Latency]]) -> Iterator[str]:
    """Yield the lines of the steady rate."""
    yield "at 50 chains/s       p50 ms   p99 ms (min to max)"
    for name, its in sorted(found.items(), key=lambda each: _p99(each[1])):
        span = f"({min(each.p99 for each in its):.1f} to {max(each.p99 for each in its):.1f})"
        yield f"{name:18} {statistics.median(each.p50 for each in its):8.1f} {_p99(its):8.1f} {span}"


def missed(trivial: Rounds, full: Rounds, late: Mapping[str, Sequence[Latency]]) -> list[str]:
    """Return the goals that were not reached."""
    best, full_best = best_peer(trivial), best_peer(full)
    with_outbox = min(_p99(its) for name, its in late.items() if name.endswith("_outbox"))
    goals = {
        "8 times nameko": ratio(trivial, NAMEKO) >= 8,
        "6 times the best peer": ratio(trivial, best) >= 6,
        "a sixth of the best peer's processor time": cpu_ratio(trivial, best) <= 1 / 6,
        "5 times nameko with the full business": ratio(full, NAMEKO) >= 5,
        "4 times the best peer with the full business": ratio(full, full_best) >= 4,
        "a third of the p99 of peers with an outbox": _p99(late[OURS]) <= with_outbox / 3,
        "a p99 no worse than nameko's": _p99(late[OURS]) <= _p99(late[NAMEKO]),
    }
    return [goal for goal, reached in goals.items() if not reached]


def _p99(its: Sequence[Latency]) -> float:
    return statistics.median(each.p99 for each in its)


def line(trivial: Rounds, full: Rounds, late: Mapping[str, Sequence[Latency]]) -> str:
    """Return the last line."""
    best, full_best = best_peer(trivial), best_peer(full)
    rates = {name: medians(its).rate for name, its in trivial.items()}
    return (
        f"bench: kedja={rates[OURS]:.0f} nameko={rates[NAMEKO]:.0f} best_peer={best}:{rates[best]:.0f}"
        f" ratio_nameko={ratio(trivial, NAMEKO):.1f} ratio_best={ratio(trivial, best):.1f}"
        f" cpu_ratio_best={cpu_ratio(trivial, best):.3f} p99_ms={_p99(late[OURS]):.1f}"
        f" full_ratio_nameko={ratio(full, NAMEKO):.1f} full_ratio_best={ratio(full, full_best):.1f}"
        f" commit={commit()}"
    )
