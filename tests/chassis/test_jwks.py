"""The provider's signing keys: kept, fetched anew, and never asked for more often than it can bear."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chassis import jwks
from chassis.identity import Verifier
from chassis.jwks import keys_of
from tests.backbone import wait_until
from tests.chassis.jwks_server import JwksServer, Signer
from tests.chassis.verifying import NOT_OURS, SETTINGS, is_refused, is_unavailable, refused
from tests.chassis.verifying import UNKNOWN_KEY as UNKNOWN

OLD, NEW = Signer("ES256", "old"), Signer("RS256", "new")


@pytest.fixture
def provider():
    serving = JwksServer(OLD.jwk())
    yield serving
    serving.stop()


@pytest.fixture
def verifier(provider):
    return Verifier({**SETTINGS, "TOKEN_JWKS_URL": provider.url})


@pytest.fixture
def impatient(monkeypatch):
    """The provider may be asked again at once."""
    monkeypatch.setattr(jwks, "_PAUSE_SECONDS", 0)


@pytest.fixture
def aging(monkeypatch):
    """Keys are old as soon as they are there."""
    monkeypatch.setattr(jwks, "_FRESH_SECONDS", -1)


def taken(verifier: Verifier, signer: Signer) -> bool:
    return verifier.identify(f"Bearer {signer.token()}").subject == "somebody"


def test_keys_are_fetched_once_for_many_tokens(provider, verifier):
    assert all(taken(verifier, OLD) for _ in range(50))
    assert provider.asked == 1


def test_a_new_key_is_fetched_with_the_first_token_that_names_it(provider, verifier, impatient):
    assert taken(verifier, OLD)
    provider.publish(OLD.jwk(), NEW.jwk())
    assert taken(verifier, NEW)
    assert taken(verifier, OLD)
    assert provider.asked == 2


def test_no_request_fails_while_the_provider_changes_its_key(provider, verifier, impatient):
    """Publish beside the old one, sign with the new one, withdraw the old one."""
    steps = [([OLD], OLD), ([OLD, NEW], OLD), ([OLD, NEW], NEW), ([NEW], NEW)]
    with ThreadPoolExecutor(4) as pool:
        for published, signing in steps:
            provider.publish(*(signer.jwk() for signer in published))
            assert all(pool.map(lambda signer: taken(verifier, signer), [signing] * 40))


def test_a_withdrawn_key_works_no_longer_once_the_keys_are_fetched_anew(provider, verifier, impatient, aging):
    token = OLD.token()
    assert verifier.identify(f"Bearer {token}").subject == "somebody"
    provider.publish(NEW.jwk())
    wait_until(lambda: is_refused(verifier, token), 10)
    assert refused(verifier, token) == UNKNOWN
    assert taken(verifier, NEW)


def test_after_a_silence_a_withdrawn_key_is_refused_at_once(provider, verifier, impatient, monkeypatch):
    token = OLD.token()
    assert verifier.identify(f"Bearer {token}").subject == "somebody"
    provider.publish(NEW.jwk())
    monkeypatch.setattr(jwks, "_FRESH_SECONDS", -1)
    monkeypatch.setattr(jwks, "_STALE_SECONDS", -1)
    assert refused(verifier, token) == UNKNOWN


def test_a_flood_of_unknown_keys_asks_the_provider_once(provider, verifier):
    """And good tokens are taken meanwhile; a pause later the provider is asked again."""
    assert taken(verifier, OLD)
    strangers = [Signer("ES256", f"stranger-{number}").token() for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda token: refused(verifier, token), strangers * 5)) == {UNKNOWN}
        assert taken(verifier, OLD)
    assert provider.asked == 1


def test_after_the_pause_an_unknown_key_is_looked_for_again(provider, verifier, monkeypatch):
    assert taken(verifier, OLD)
    provider.publish(OLD.jwk(), NEW.jwk())
    assert refused(verifier, NEW.token()) == UNKNOWN  # asked a moment ago
    monkeypatch.setattr(jwks, "_PAUSE_SECONDS", 0.05)
    wait_until(lambda: not is_refused(verifier, NEW.token()), 10)


@pytest.mark.parametrize("status", [404, 500])
def test_kept_keys_work_while_the_provider_is_away_or_ill(provider, verifier, impatient, aging, status):
    assert taken(verifier, OLD)
    provider.status = status
    assert taken(verifier, OLD)
    wait_until(lambda: provider.asked >= 2, 10)
    provider.stop()
    assert all(taken(verifier, OLD) for _ in range(20))
    assert refused(verifier, NEW.token()) == UNKNOWN
    provider.status = 200
    provider.publish(OLD.jwk(), NEW.jwk())
    provider.start()
    wait_until(lambda: not is_refused(verifier, NEW.token()), 10)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[" * 5000,
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [7, null, {}]}',
        json.dumps({"keys": [NEW.jwk()] * 101}).encode(),
        b" " * 300_000,
    ],
)
def test_nonsense_does_not_replace_the_keys(provider, verifier, impatient, body):
    assert taken(verifier, OLD)
    provider.body = body
    assert refused(verifier, NEW.token()) == UNKNOWN
    assert provider.asked == 2
    assert taken(verifier, OLD)


def test_without_any_key_the_answer_is_503_and_comes_right_by_itself(provider, verifier, impatient):
    provider.stop()
    assert is_unavailable(verifier, OLD.token())
    provider.start()
    assert taken(verifier, OLD)


def test_while_there_is_no_key_the_provider_is_still_not_flooded(provider, verifier):
    provider.status = 500
    assert all(is_unavailable(verifier, OLD.token()) for _ in range(20))
    assert provider.asked == 1


def test_a_provider_that_hangs_holds_nobody_who_has_a_known_key(provider, verifier, impatient, monkeypatch):
    monkeypatch.setattr(jwks, "_FETCH_SECONDS", 0.5)
    monkeypatch.setattr(jwks, "_WAIT_SECONDS", 0.1)
    assert taken(verifier, OLD)
    provider.answering.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(refused, verifier, NEW.token())
        wait_until(lambda: provider.asked >= 2, 10)
        begun = time.monotonic()
        assert all(taken(verifier, OLD) for _ in range(20))
        assert is_unavailable(verifier, NEW.token())  # somebody else is asking already
        assert not first.done()
        assert time.monotonic() - begun < 0.5
        assert first.result() == UNKNOWN


def test_a_redirect_is_not_followed(provider, verifier):
    other = JwksServer(OLD.jwk())
    provider.status, provider.location = 302, other.url
    assert is_unavailable(verifier, OLD.token())
    other.stop()
    assert other.asked == 0


def test_of_several_keys_without_names_each_is_tried():
    unnamed = [Signer("ES256", None) for _ in range(3)]
    provider = JwksServer(*(signer.jwk() for signer in unnamed))
    verifier = Verifier({**SETTINGS, "TOKEN_JWKS_URL": provider.url})
    assert all(taken(verifier, signer) for signer in unnamed)
    assert refused(verifier, Signer("ES256", None).token()) == NOT_OURS
    provider.stop()


def test_what_cannot_check_a_token_is_left_out():
    good, weak = OLD.jwk(), {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "weak"}
    strange = [
        {**NEW.jwk(), "use": "enc"},
        {**NEW.jwk(), "alg": "RSA-OAEP"},
        {**NEW.jwk(), "alg": "RS512"},
        {**NEW.jwk(), "kid": 7},
        {**NEW.jwk(), "n": 7},
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": ["RSA"]},
        {"kty": "EC", "crv": "P-521"},
        {**OLD.jwk(), "x": "AA"},
        weak,
    ]
    assert [key.kid for key in keys_of({"keys": [*strange, good]})] == ["old"]
    (narrowed,) = keys_of({"keys": [{**NEW.jwk(), "alg": "PS256"}]})
    assert narrowed.algorithms == {"PS256"}


def test_a_private_key_that_a_provider_publishes_by_mistake_is_not_kept():
    (key,) = keys_of({"keys": [{**OLD.jwk(), "d": "c2VjcmV0"}]})
    assert not hasattr(key.public, "private_numbers")


_GREEN = """
import eventlet
eventlet.monkey_patch()
import sys, time
from chassis import errors
from chassis.identity import Verifier
verifier = Verifier({"TOKEN_ISSUER": "i", "TOKEN_AUDIENCE": "a", "TOKEN_LEEWAY_SECONDS": 0,
    "TOKEN_CLAIM_PREFIX": "", "TOKEN_JWKS_URL": sys.argv[1]})
def call():
    try:
        verifier.identify("Bearer " + sys.argv[2])
    except errors.Unauthorized as refusal:
        return refusal.detail
caller = eventlet.spawn(call)
ticks = 0
while not caller.dead:
    eventlet.sleep(0.01)
    ticks += 1
    if ticks == 20:
        print("ticking", flush=True)
print(caller.wait())
"""


def test_under_eventlet_others_go_on_while_keys_are_fetched(provider):
    provider.answering.clear()
    command = [sys.executable, "-W", "ignore", "-c", _GREEN, provider.url, OLD.token()]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout.readline() == "ticking\n"  # and the provider has not answered yet
        provider.answering.set()
        assert process.stdout.read().endswith("The token is from another issuer.\n")
        assert process.wait(20) == 0
