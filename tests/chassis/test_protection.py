"""What decides before anything is read: rates, places, addresses."""

from __future__ import annotations

import threading
import tracemalloc
from pathlib import Path

import limits
import pytest

from chassis import config, errors, protection, rates, shields
from tests.backbone import wait_until

REQUIRED = {
    "DATABASE_URL": "x",
    "AMQP_URL": "x",
    "HTTP_ADDRESS": "a:1",
    "OPS_ADDRESS": "a:1",
    "TOKEN_ISSUER": "x",
    "TOKEN_AUDIENCE": "x",
    "TOKEN_PUBLIC_KEY_FILE": "x",
}


def settings(**given):
    return config.load(config.Settings, {**REQUIRED, **given})


@pytest.fixture
def guard(monkeypatch):
    """A guard whose refusals come at once."""
    monkeypatch.setattr(protection, "_REFUSAL_SECONDS", 0)

    def make(**given):
        return protection.Guard(settings(**given), 10)

    return make


def refusals(ask, times):
    """Return which of so many questions are refused."""
    refused = []
    for _ in range(times):
        try:
            ask()
            refused.append(False)
        except errors.TooManyRequests:
            refused.append(True)
    return refused


@pytest.mark.parametrize(
    "text", ["", "many", "0/minute", "-1/minute", "10/minute;1/second", "10 per fortnight"]
)
def test_a_rate_that_is_none_stops_the_start(text):
    if text:
        with pytest.raises(config.ConfigError, match="RATE_LIMIT: Must be one rate"):
            settings(RATE_LIMIT=text)
    else:
        assert settings(RATE_LIMIT=text)["RATE_LIMIT"] == "6000/minute"


def test_a_proxy_that_is_no_network_stops_the_start():
    with pytest.raises(config.ConfigError, match="TRUSTED_PROXIES"):
        settings(TRUSTED_PROXIES="10.0.0.0/8, nginx")


def test_a_client_has_its_own_rate_and_is_told_what_is_left(guard):
    made = guard(RATE_LIMIT="3/hour")
    told = [made.admit("a")["RateLimit"].split(";")[1] for _ in range(3)]
    assert told == ["r=2", "r=1", "r=0"]
    with pytest.raises(errors.TooManyRequests) as refused:
        made.admit("a")
    assert refused.value.headers["RateLimit-Policy"] == '"client";q=3;w=3600'
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 3600
    assert made.admit("b")["RateLimit"].startswith('"client";r=2;t=')


def test_what_is_left_is_what_the_library_says():
    rate = rates.Rate("client", "50/minute")
    for _ in range(60):
        standing = rate.hit("a")
        assert standing.remaining == rate._strategy.get_window_stats(rate.item, "a").remaining
    assert not standing.allowed


def test_a_window_slides(monkeypatch):
    now = 6_000_000.0
    monkeypatch.setattr(rates.time, "time", lambda: now)
    rate = rates.Rate("client", "60/minute")
    assert all(rate.hit("a").allowed for _ in range(60))
    assert not rate.hit("a").allowed
    now += 60 + 30  # half of the window before still matters
    assert [rate.hit("a").allowed for _ in range(31)] == [True] * 30 + [False]
    now += 120
    assert all(rate.hit("a").allowed for _ in range(60))


def test_after_the_seconds_that_a_refusal_names_one_more_is_allowed(monkeypatch):
    now = 6_000_000.0
    monkeypatch.setattr(rates.time, "time", lambda: now)
    rate = rates.Rate("client", "7/minute")
    for _ in range(100):
        standing = rate.hit("a")
        now += 0.3 if standing.allowed else standing.seconds
        assert standing.allowed or rate.look("a").allowed


def test_anonymous_callers_and_clients_are_counted_apart(guard):
    made = guard(RATE_LIMIT="1/hour", RATE_LIMIT_ANONYMOUS="1/hour")
    made.admit("10.1.1.1")
    made.admit_anonymous("10.1.1.1")
    assert refusals(lambda: made.admit("10.1.1.1"), 1) == [True]
    assert refusals(lambda: made.admit_anonymous("10.1.1.1"), 1) == [True]


def test_who_guesses_is_refused_sooner_and_a_good_token_from_there_is_served(guard):
    made = guard(RATE_LIMIT_FAILURES="3/hour")
    assert refusals(lambda: made.failed("10.1.1.1", "session"), 4) == [False, False, False, True]
    assert refusals(lambda: made.admit_anonymous("10.1.1.1"), 1) == [True]
    assert refusals(lambda: made.admit_anonymous("10.1.1.2"), 1) == [False]
    made.admit("a client of the same address")


def test_a_flood_from_many_addresses_takes_little_memory_and_forgets_the_oldest():
    rate = rates.Rate("anonymous", "10/minute", most_keys=1000)
    tracemalloc.start()
    for number in range(50_000):
        rate.hit(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    kept = [tracemalloc.Filter(True, name) for name in (rates.__file__, f"{Path(limits.__file__).parent}/*")]
    taken = tracemalloc.take_snapshot().filter_traces(kept).statistics("filename")
    tracemalloc.stop()
    assert len(rate.storage) == 1000
    assert 0 < sum(each.size for each in taken) < 1_000_000


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (
            "203.0.113.9",
            "198.51.100.1",
            "203.0.113.9",
        ),  # not a proxy of ours: what it says counts for nothing
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the first is the caller's own invention
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.1"),
        ("10.0.0.1", "<script>", "unknown"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        ("::ffff:10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_a_caller_is_the_peer_or_whom_a_trusted_proxy_names(guard, peer, forwarded, expected):
    made = guard(TRUSTED_PROXIES="10.0.0.0/8")
    environ = {"REMOTE_ADDR": peer, **({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})}
    assert made.address(environ) == expected


class Held:
    """Requests in threads that keep their places until they are told to leave."""

    def __init__(self, places):
        self.places, self.leave, self.running, self.refused = places, threading.Event(), [], []
        self.threads = []

    def ask(self, client):
        def work():
            try:
                with self.places.one(client):
                    self.running.append(client)
                    self.leave.wait(20)
            except errors.TooManyRequests as refusal:
                self.refused.append((client, refusal))

        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()

    def end(self):
        self.leave.set()
        for thread in self.threads:
            thread.join(20)


@pytest.fixture
def held():
    holders = []

    def make(*args):
        holders.append(Held(protection.Places(*args)))
        return holders[-1]

    yield make
    for holder in holders:
        holder.end()


def test_a_client_alone_has_half_of_the_places_and_the_rest_of_its_requests_wait(held):
    holder = held(5)
    for _ in range(8):
        holder.ask("a")
    wait_until(lambda: len(holder.running) == 5 and len(holder.places._waiting["a"]) == 3)
    holder.end()
    assert (len(holder.running), holder.refused, holder.places._running) == (8, [], {})
    assert holder.places._waiting == {}


def test_beside_others_a_client_has_one_place_unless_its_requests_are_slow(held, monkeypatch):
    monkeypatch.setattr(protection, "_STUCK_SECONDS", 0.5)
    holder = held(5)
    holder.ask("a")
    wait_until(lambda: holder.running == ["a"])
    holder.ask("b")
    wait_until(lambda: holder.running == ["a", "b"])
    for _ in range(3):
        holder.ask("a")
    wait_until(lambda: len(holder.places._waiting.get("a", ())) == 3)
    assert holder.running == ["a", "b"]
    wait_until(lambda: sorted(holder.running) == ["a", "a", "a", "a", "b"])


def test_a_place_is_handed_over_in_the_order_of_asking_after_a_rest(monkeypatch):
    places, order = protection.Places(5), []

    def work(number):
        with places.one("a"):
            order.append(number)

    with places.one("a"), places.one("b"):
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(lambda n=number: len(places._waiting.get("a", ())) == n + 1)
    for thread in threads:
        thread.join(20)
    assert order == [0, 1, 2, 3]
    assert (places._running, places._waiting, places._moved_at) == ({}, {}, {})


def test_what_waits_too_long_or_behind_too_many_is_429(held, monkeypatch):
    monkeypatch.setattr(protection, "_PLACE_SECONDS", 0.5)
    monkeypatch.setattr(protection, "_WAITING_FOR_PLACES", 2)
    holder = held(1)
    for _ in range(6):
        holder.ask("a")
    wait_until(lambda: len(holder.refused) == 5)
    assert {refusal.headers["Retry-After"] for _, refusal in holder.refused} == {"1", "5"}
    holder.end()
    with holder.places.one("a"):
        pass


@pytest.mark.parametrize(
    ("refused", "least", "most"), [(0, 0.5, 1.5), (20, 0.5, 1.5), (40, 1, 3), (199, 4.9, 15), (200, 0, 0)]
)
def test_a_refusal_is_held_back_longer_the_more_a_client_waits_for(monkeypatch, refused, least, most):
    """These figures stand in docs/protection.md and docs/api.md."""
    slept = []
    monkeypatch.setattr(protection.time, "sleep", slept.append)
    guard = protection.Guard(settings(RATE_LIMIT="1/hour"), 10)
    guard.admit("a")
    for _ in range(50):
        guard._slow["a"] = refused
        with pytest.raises(errors.TooManyRequests):
            guard.admit("a")
    assert all(least <= seconds <= most for seconds in slept)
    assert len(slept) == (50 if most else 0)


def test_headers_that_an_answer_sets_itself_stay():
    shown = dict(shields.shielded([("Content-Type", "text/html"), ("cache-control", "max-age=60")]))
    assert "Cache-Control" not in shown
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert not any(name.lower().startswith("access-control") for name in shown)
