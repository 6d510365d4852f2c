"""Searches in a large registry, over HTTP as a system asks: one connection, one token, one after another."""

from __future__ import annotations

import random
import statistics
import time
from typing import TYPE_CHECKING, Any

import requests

from bench.suppliers import stage
from tests.tokens import OFFICE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Platform

ASKED = 200
PAGE = 25  # suppliers, as a screen shows them; each comes with all that is registered of it
# By what a search asks: rare and frequent fragments, each filter alone, and together
SEARCHES: dict[str, Callable[[int], dict[str, Any]]] = {
    "rare fragment": lambda n: {"name": f"{n % 900_000 + 100_000}"},
    "frequent fragment": lambda n: {"name": ("exempel", "medicin", "stål", "norden")[n % 4]},
    "no such name": lambda n: {"name": f"zzq{n}"},
    "identifier": lambda n: {"identifier": f"orgnr:{stage.numbered(n)}"},
    "category": lambda n: {"category_id": f"bench-{1 + n % 60:02}"},
    "country": lambda n: {"country": ("SE", "NO")[n % 2]},
    "band": lambda n: {"band": ("very_low", "low", "medium", "high", "very_high", "no_data")[n % 6]},
    "region": lambda n: {"region": ("01", "12", "14", "20")[n % 4]},
    "fragment, band and region": lambda n: {"name": "textil", "band": "high", "region": ("01", "14")[n % 2]},
    "category, band and region": lambda n: {
        "category_id": f"bench-{1 + n % 60:02}",
        "band": ("low", "medium", "high")[n % 3],
        "region": ("01", "12", "14", "20")[n % 4],
    },
    "band, in the order of names": lambda n: {"sort": "legal_name", "band": ("medium", "high")[n % 2]},
}


def search_p99(platform: Platform, say: Callable[[str], None]) -> float:
    """Ask each kind of search many times, one after another; return the worst kind's p99 in milliseconds.

    Of pages of a hundred, which who names no limit gets, it tells as well.
    """
    worst, client = 0.0, _Client(platform)
    for name, asked in SEARCHES.items():
        taken = [client.ask(asked(random.Random(number).randrange(10**9))) for number in range(ASKED)]  # noqa: S311
        p99 = statistics.quantiles(taken, n=100)[98]
        say(f"  search by {name}: median {statistics.median(taken):.1f} ms, p99 {p99:.1f} ms")
        worst = max(worst, p99)
    taken = [client.ask({"country": "SE", "limit": 100}) for _ in range(ASKED)]
    p99 = statistics.quantiles(taken, n=100)[98]
    say(f"  a hundred of a country: median {statistics.median(taken):.1f} ms, p99 {p99:.1f} ms")
    return worst


class _Client:
    """A system that asks."""

    def __init__(self, platform: Platform) -> None:
        self._url, self._session = platform.url("suppliers", "/suppliers"), requests.Session()
        self._session.headers.update(OFFICE)

    def ask(self, params: dict[str, Any]) -> float:
        """Ask once; return the milliseconds."""
        began = time.perf_counter()
        answer = self._session.get(self._url, params={"limit": PAGE, **params}, timeout=30)
        taken = 1000 * (time.perf_counter() - began)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return taken
