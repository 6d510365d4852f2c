"""What the rounds came to, as a table and as one line for machines."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.commit import commit
from bench.http.load import KINDS, Round

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Rounds = dict[tuple[str, str], list[Round]]

_SIDES = ("kedja", "peer")


def medians(rounds: Sequence[Round]) -> Round:
    """Return the median of each figure."""
    return Round(*map(statistics.median, zip(*rounds, strict=True)))


def ratios(found: Rounds) -> dict[str, float]:
    """Return the service's rate by the peer's, by kind of request."""
    return {kind: medians(found[kind, "kedja"]).rate / medians(found[kind, "peer"]).rate for kind in KINDS}


def table(found: Rounds) -> Iterator[str]:
    """Return the table's lines."""
    yield "            requests/s (min to max)        p50 ms   p99 ms   CPU s per 1,000: server   PostgreSQL"
    for kind in KINDS:
        for side in _SIDES:
            rounds, middle = found[kind, side], medians(found[kind, side])
            span = f"({min(rounds).rate:.0f} to {max(rounds).rate:.0f})"
            beside = f" + {middle.helper:.2f}" if kind == "post" and side == "peer" else ""
            yield (
                f"{kind:5} {side:6} {middle.rate:8.0f} {span:18} {middle.p50:9.1f} {middle.p99:8.1f}"
                f" {middle.cpu:23.2f}{beside:7} {middle.backends:12.2f}"
            )


def line(found: Rounds) -> str:
    """Return the last line."""
    parts = []
    for kind in KINDS:
        rates = {side: medians(found[kind, side]).rate for side in _SIDES}
        parts += [f"{kind}_{side}={rates[side]:.0f}" for side in _SIDES]
        parts.append(f"{kind}_ratio={ratios(found)[kind]:.2f}")
    late = ",".join(
        f"{kind}:" + "/".join(f"{medians(found[kind, side]).p99:.1f}" for side in _SIDES) for kind in KINDS
    )
    return f"bench-http: {' '.join(parts)} p99_ms={late} commit={commit()}"
