"""The product's services with more and more suppliers in their tables: a chain costs the same."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.chain import rounds
from bench.chain.sides import Kedja
from bench.chain.stage import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_CHAINS = 1000


def main(sizes: Sequence[int], count: int, say: Callable[..., None]) -> int:
    """Measure each size, and print; 0 if the slowest is within a fifth of the fastest."""
    say(
        "The product's services; notices of assessments and of new bands are not made, those of audits are.",
        "suppliers   chains/s (min to max)   CPU s per 1,000",
    )
    found = {}
    for size in sizes:
        with stage("product", size) as ground:
            its = [rounds.one_round(Kedja(ground), min(_CHAINS, size)) for _ in range(count)]
        found[size] = statistics.median(each.rate for each in its)
        span = f"({min(each.rate for each in its):.0f} to {max(each.rate for each in its):.0f})"
        cpu = statistics.median(each.whole_cpu for each in its)
        say(f"{size:9} {found[size]:10.0f} {span:15} {cpu:14.2f}")
    worst = min(found.values()) / max(found.values())
    rates = " ".join(f"at_{size}={rate:.0f}" for size, rate in found.items())
    say(f"bench-scale: {rates} slowest_by_fastest={worst:.2f}")
    return 0 if worst >= 0.8 else 1
