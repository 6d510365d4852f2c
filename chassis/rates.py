"""How many requests a client may send in a time: the library `limits`, with a storage that stays small.

Its own MemoryStorage keeps every key until a timer walks over all of them, a hundred times a second: a flood
from many addresses would cost more than it sends. Here a key is one small entry, and those that were not used
for longest are forgotten.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import limits
from limits.storage import SlidingWindowCounterSupport, Storage
from limits.strategies import SlidingWindowCounterRateLimiter

# Clients or addresses that are known at once; each takes about 300 bytes.
MOST_KEYS = 20_000


class Count(NamedTuple):
    """How often something happened in a window (its number since the epoch) and in the one before."""

    window: int
    now: int
    before: int


class Windows(Storage, SlidingWindowCounterSupport):
    """Counts of two windows for each key, in this process's memory, of at most `most_keys` keys."""

    STORAGE_SCHEME = ["kedja-windows"]  # noqa: RUF012  as the library declares it

    def __init__(self, most_keys: int = MOST_KEYS) -> None:
        """Know nobody yet."""
        super().__init__()
        self._counts: OrderedDict[str, Count] = OrderedDict()
        self._most_keys = most_keys

    def __len__(self) -> int:
        """Return how many keys are known."""
        return len(self._counts)

    def _count(self, key: str, expiry: int, at: float) -> Count:
        window, known = int(at // expiry), self._counts.get(key)
        if known is None or known.window < window - 1:
            return Count(window, 0, 0)
        return known if known.window == window else Count(window, 0, known.now)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` more and return True, unless that would pass the limit."""
        at = time.time()
        count = self._count(key, expiry, at)
        left_of_before = 1 - at / expiry % 1
        if int(count.before * left_of_before + count.now) + amount > limit:
            return False
        self._counts[key] = Count(count.window, count.now + amount, count.before)
        self._counts.move_to_end(key)
        if len(self._counts) > self._most_keys:
            self._counts.popitem(last=False)
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return the count before and the seconds it still matters, the count now and its seconds."""
        at = time.time()
        count, left = self._count(key, expiry, at), (1 - at / expiry % 1) * expiry
        return count.before, left, count.now, left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a key."""
        self.clear(key)

    def clear(self, key: str) -> None:
        """Forget a key."""
        self._counts.pop(key, None)

    def reset(self) -> int | None:
        """Forget all; return how many there were."""
        known = len(self._counts)
        self._counts.clear()
        return known

    def check(self) -> bool:
        """Memory is always there."""
        return True

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return what a storage's own faults look like; memory has none."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Only the library's fixed windows ask for this."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Only the library's fixed windows ask for this."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Only the library's fixed windows ask for this."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Standing:
    """What a client has left: `remaining` requests, and in how many seconds it gets the next one back."""

    allowed: bool
    remaining: int
    seconds: int


class Rate:
    """One limit, over all clients that it is counted for apart."""

    def __init__(self, name: str, text: str, most_keys: int = MOST_KEYS) -> None:
        """Take a limit as people write it, "600/minute"; raises ValueError if it is none."""
        self.item = limits.parse(text)
        self.storage = Windows(most_keys)
        self._strategy = SlidingWindowCounterRateLimiter(self.storage)
        self._expiry = self.item.get_expiry()
        self._name = name
        self.policy = f'"{name}";q={self.item.amount};w={self.item.get_expiry()}'

    def hit(self, key: str) -> Standing:
        """Count one request of `key`, if it is allowed."""
        return self._standing(key, self._strategy.hit(self.item, key))

    def look(self, key: str) -> Standing:
        """Tell where `key` stands without counting."""
        return self._standing(key, self._strategy.test(self.item, key))

    def _standing(self, key: str, allowed: bool) -> Standing:
        """Return what the library's get_window_stats would, at a tenth of its cost."""
        window = self._expiry
        before, left, now, _ = self.storage.get_sliding_window(self.item.key_for(key), window)
        remaining = max(0, self.item.amount - int(before * left / window + now))
        back = min(left % (window / before) if before else window, left if now else window)
        return Standing(allowed, remaining, max(1, math.ceil(back)))

    def headers(self, standing: Standing) -> dict[str, str]:
        """Return what the caller is told, in the fields of draft-ietf-httpapi-ratelimit-headers-11."""
        left = f'"{self._name}";r={standing.remaining};t={standing.seconds}'
        return {"RateLimit-Policy": self.policy, "RateLimit": left}


def is_rate(text: Any) -> bool:
    """Tell whether a setting is one limit, such as "600/minute"."""
    try:
        return limits.parse(text).amount > 0 and len(limits.parse_many(text)) == 1
    except ValueError:
        return False
