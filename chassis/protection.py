"""Who is served now: rates per client, places for requests that run at once, and who a caller is."""

from __future__ import annotations

import ipaddress
import random
import threading
import time
from collections import deque
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from chassis import errors
from chassis.rates import Rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chassis.rates import Standing

_PLACE_SECONDS = 5.0  # so long a request waits for one of its client's to end
_WAITING_FOR_PLACES = 40  # of one client
_REFUSAL_SECONDS = 1.0  # on average; more for a client that is refused more often than so often a second:
_REFUSALS_A_SECOND = 20
_SLOW_REFUSALS = 200  # of one client at once; more are refused at once
_COMPANY_SECONDS = 1.0
_STUCK_SECONDS = (
    0.25  # when none of a client's requests has ended for so long, they are slow: others may begin
)
_LONGEST_REST = 0.1


class Places:
    """How many requests of one client run at once: half of the workers, and one while others want something.

    What comes on top waits for its own client's requests, nobody else's. Beside others, whoever gets a place
    handed over lets twice the time pass that the request before has taken: a flood has a third of the time at
    most, and the others' requests meet one of its requests, not many.
    """

    def __init__(self, alone: int) -> None:
        """Name how many a client may have while it is the only one."""
        self._alone = alone
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[threading.Event]] = {}
        self._moved_at: dict[str, float] = {}
        self._latest, self._changed_at = "", -_COMPANY_SECONDS

    def _in_company(self) -> bool:
        return time.monotonic() - self._changed_at < _COMPANY_SECONDS

    def crowded(self, client: str) -> bool:
        """Tell whether as many wait already as may."""
        return len(self._waiting.get(client, ())) >= _WAITING_FOR_PLACES

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Hold a place, having waited for it if need be; raises TooManyRequests if there is none in time."""
        if client != self._latest:
            self._changed_at = time.monotonic() if self._latest else self._changed_at
            self._latest = client
        if self._running.get(client, 0) < (1 if self._in_company() else self._alone):
            self._take(client)
        else:
            self._wait(client)
        began = time.monotonic()
        try:
            yield
        finally:
            self._leave(client, time.monotonic() - began)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Rest after what is done here, as before a place that is handed over."""
        began = time.monotonic()
        yield
        if self._in_company():
            time.sleep(_rest(time.monotonic() - began))

    def _take(self, client: str) -> None:
        self._running[client] = self._running.get(client, 0) + 1
        self._moved_at[client] = time.monotonic()

    def _wait(self, client: str) -> None:
        """Wait until another request of this client hands over its place, or they all take long."""
        if self.crowded(client):
            told = "Too many requests of yours run at once."
            raise errors.TooManyRequests(told, headers={"Retry-After": "1"})
        turn, queue, began = threading.Event(), self._waiting.setdefault(client, deque()), time.monotonic()
        queue.append(turn)
        while not turn.wait(_STUCK_SECONDS) and turn in queue:
            now, moved = time.monotonic(), self._moved_at.get(client, 0.0)
            if now - moved > _STUCK_SECONDS and self._running.get(client, 0) < self._alone:
                queue.remove(turn)
                return self._take(client)
            if now - began > _PLACE_SECONDS:
                queue.remove(turn)
                told = "Your earlier requests take too long."
                raise errors.TooManyRequests(told, headers={"Retry-After": "5"})
        return None

    def _leave(self, client: str, took: float) -> None:
        queue = self._waiting.get(client)
        if queue and self._running[client] <= (1 if self._in_company() else self._alone):
            self._hand_over(client, queue, took)
            return
        if queue is not None and not queue:
            del self._waiting[client]
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client], self._moved_at[client]

    def _hand_over(self, client: str, queue: deque[threading.Event], took: float) -> None:
        self._moved_at[client] = time.monotonic()
        turn = queue.popleft()
        if self._in_company():
            threading.Timer(_rest(took), turn.set).start()
        else:
            turn.set()


def _rest(took: float) -> float:
    """Return for how long a client rests after what took so long, in seconds."""
    return min(2 * took, _LONGEST_REST)


class Guard:
    """Decides whether a request is served now. All counts are of this process: a limit holds per replica."""

    def __init__(self, settings: Mapping[str, Any], workers: int) -> None:
        """Take RATE_LIMIT, RATE_LIMIT_ANONYMOUS, RATE_LIMIT_FAILURES and TRUSTED_PROXIES."""
        self._clients = Rate("client", settings["RATE_LIMIT"])
        self._anonymous = Rate("anonymous", settings["RATE_LIMIT_ANONYMOUS"])
        self._failures = Rate("failures", settings["RATE_LIMIT_FAILURES"])
        self._proxies = frozenset(settings["TRUSTED_PROXIES"])
        self._slow: dict[str, int] = {}
        self.places = Places(max(1, workers // 2))
        self.exports = Places(1)

    def address(self, environ: Mapping[str, Any]) -> str:
        """Return whom a request comes from: the peer, or whom a trusted proxy names."""
        peer = environ.get("REMOTE_ADDR", "")
        if not self._proxies or not within(peer, self._proxies):
            return _network(peer)
        named = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        strangers = (name for name in reversed(named) if not within(name, self._proxies))
        return _network(next(strangers, "") or peer)

    def admit(self, client: str) -> dict[str, str]:
        """Count a request of a client that is known; return headers, raises TooManyRequests."""
        return self._admit(self._clients, client)

    def admit_anonymous(self, address: str) -> dict[str, str]:
        """Count a request of nobody known; one whose address has guessed too often is refused as well."""
        key = f"session {address}"
        guesses = self._failures.look(key)
        if not guesses.allowed:
            self._refuse(self._failures, key, guesses)
        return self._admit(self._anonymous, address)

    def failed(self, address: str, kind: str) -> None:
        """Count a "token" or "session" that was none; raises TooManyRequests if that happens too often.

        Who has a good token is served from the same address all the same: else one system with an old token
        would lock out everybody behind its proxy. Sessions are looked up in the database, so for those
        `admit_anonymous` refuses before.
        """
        self._admit(self._failures, f"{kind} {address}")

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """Hold one of a client's places; raises TooManyRequests if none becomes free in time."""
        with self._one(self.places, client):
            yield

    @contextmanager
    def export(self, client: str) -> Iterator[None]:
        """Hold a client's only place for a list as a table, which is as long as the list; raises the same."""
        with self._one(self.exports, client):
            yield

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Do a part of something long, and rest as after a request when others want something."""
        with self.places.resting():
            yield

    @contextmanager
    def _one(self, places: Places, client: str) -> Iterator[None]:
        if places.crowded(client):
            self._slow_down(client)
        with places.one(client):
            yield

    def _admit(self, rate: Rate, key: str) -> dict[str, str]:
        standing = rate.hit(key)
        if not standing.allowed:
            self._refuse(rate, key, standing)
        return rate.headers(standing)

    def _refuse(self, rate: Rate, key: str, standing: Standing) -> None:
        self._slow_down(key)
        headers = {**rate.headers(standing), "Retry-After": str(standing.seconds)}
        raise errors.TooManyRequests(headers=headers)

    def _slow_down(self, key: str) -> None:
        """Let a moment pass before a refusal: who floods waits for its answers, at the cost of a timer."""
        slowed = self._slow.get(key, 0)
        if slowed >= _SLOW_REFUSALS:
            return
        self._slow[key] = slowed + 1
        try:
            seconds = _REFUSAL_SECONDS * max(1.0, slowed / _REFUSALS_A_SECOND)
            time.sleep(seconds * random.uniform(0.5, 1.5))  # noqa: S311  no secret; lest all come at once
        finally:
            self._slow[key] -= 1
            if not self._slow[key]:
                del self._slow[key]


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def proxies(text: str) -> list[Network]:
    """Return the networks in "10.0.0.0/8, 127.0.0.1"; raises ValueError."""
    return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]


@lru_cache(maxsize=4096)
def within(text: str, networks: frozenset[Network]) -> bool:
    """Tell whether a text is an address in one of the networks."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)


@lru_cache(maxsize=4096)
def _network(text: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the 64 bits of an IPv6 one that a line has."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return text
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((address, 64), strict=False).network_address)
