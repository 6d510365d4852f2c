"""The public keys that tokens are checked with: from a PEM file, or from a provider's JWKS (RFC 7517).

Every key is pinned to the algorithms of its own type. A symmetric key is never taken, so that nobody can sign
with a public key as if it were a secret.
"""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import structlog
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import InvalidKeyError
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from chassis import errors
from chassis.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

log = structlog.get_logger()

# A set older than this is fetched anew behind the next request; one that is older still, as nobody came by,
# before it. So long may a withdrawn key still work.
_FRESH_SECONDS = 300
_STALE_SECONDS = 600
# However many tokens name a key that we do not have: the provider is asked no more often.
_PAUSE_SECONDS = 10
_FETCH_SECONDS = 3
# How long a request waits for another one's fetch before it says 503: with a provider that hangs, a flood of
# unknown keys must not hold every worker.
_WAIT_SECONDS = 1
_MAX_BYTES = 256 * 1024
_MAX_KEYS = 100
_LEAST_RSA_BITS = 2048
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)
_READERS: Mapping[str, Any] = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}
# The public members of a JWK by type: whatever else a provider publishes, we hold no private key.
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the algorithms that it may have signed with."""

    kid: str | None
    algorithms: frozenset[str]
    public: Any


Keyset: TypeAlias = tuple[Key, ...]


class Keys(Protocol):
    """Where keys come from."""

    def current(self) -> Keyset:
        """Return the keys at hand, the same object until they change; raises Unavailable without any."""

    def renewed(self) -> Keyset:
        """Return the keys after having looked again, unless that was a moment ago."""


def fitting(keys: Keyset, kid: object, algorithm: str) -> list[Key]:
    """Return the keys that may have signed a token of this `kid` and algorithm; no `kid` fits any."""
    return [key for key in keys if algorithm in key.algorithms and (kid is None or key.kid in (None, kid))]


class KeyFile:
    """The keys of one PEM file, read once."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises ConfigError if it holds anything but public keys of use."""
        try:
            blocks = list(_PEM.finditer(path.read_text(encoding="ascii")))
            if any("PRIVATE" in block[1] for block in blocks):
                raise ConfigError(f"{path} holds a private key: a service is given public ones only")
            publics = [load_pem_public_key(block[0].encode()) for block in blocks]
        except (OSError, ValueError) as fault:
            raise ConfigError(f"{path} is no file of public keys in PEM form: {fault}") from None
        self._keys = tuple(Key(None, algorithms_of(public), public) for public in publics)
        if not self._keys or not all(key.algorithms for key in self._keys):
            raise ConfigError(f"{path}: keys are RSA of {_LEAST_RSA_BITS} bits or more, P-256 or Ed25519")

    def current(self) -> Keyset:
        """Return the keys."""
        return self._keys

    renewed = current


class KeyServer:
    """A provider's JWKS, kept: what was fetched goes on working while the provider is away."""

    def __init__(self, url: str) -> None:
        """Fetch nothing yet: a service starts also while the provider is away."""
        self._url = url
        self._keys: Keyset = ()
        self._text = b""
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching = threading.Lock()

    def current(self) -> Keyset:
        """Return the keys at hand; old ones are fetched anew behind the request's back."""
        if not self._keys:
            return self.renewed()
        now = time.monotonic()
        age, paused = now - self._fetched_at, now - self._tried_at >= _PAUSE_SECONDS
        if age > _FRESH_SECONDS and paused and self._fetching.acquire(blocking=False):
            if age > _STALE_SECONDS:
                self._fetch_and_release()
            else:
                threading.Thread(target=self._fetch_and_release, name="jwks", daemon=True).start()
        return self._keys

    def renewed(self) -> Keyset:
        """Return the keys after a fetch, of which there is one at a time and not more than one in a pause."""
        if not self._fetching.acquire(timeout=_WAIT_SECONDS):
            raise errors.Unavailable("The signing keys cannot be fetched at the moment.")
        self._fetch_and_release()
        if not self._keys:
            raise errors.Unavailable("The signing keys cannot be fetched at the moment.")
        return self._keys

    def _fetch_and_release(self) -> None:
        try:
            if time.monotonic() - self._tried_at >= _PAUSE_SECONDS:
                self._tried_at = time.monotonic()
                self._fetch()
        finally:
            self._fetching.release()

    def _fetch(self) -> None:
        try:
            text = _read(self._url)
            keys = self._keys if text == self._text else keys_of(json.loads(text))
        except (OSError, HTTPException, ValueError, RecursionError) as fault:
            log.warning("signing_keys_not_fetched", reason=repr(fault)[:300], kept=len(self._keys))
            return
        if keys is not self._keys:
            log.info("signing_keys_fetched", kids=[key.kid for key in keys])
        self._keys, self._text, self._fetched_at = keys, text, time.monotonic()


def keys_of(document: Any) -> Keyset:
    """Return the keys of a JWKS that can check tokens, others left out; raises ValueError if none is left."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > _MAX_KEYS:
        raise ValueError(f"a JWKS lists up to {_MAX_KEYS} keys")
    found = (_key_of(entry) for entry in listed if isinstance(entry, dict))
    keys = tuple(key for key in found if key is not None)
    if not keys:
        raise ValueError("no key in it can be used")
    return keys


def _key_of(entry: Mapping[str, Any]) -> Key | None:
    kind, kid = entry.get("kty"), entry.get("kid")
    usable = entry.get("use", "sig") == "sig" and isinstance(kid, str | None)
    if not usable or not isinstance(kind, str) or kind not in _READERS:
        return None
    try:
        public = _READERS[kind].from_jwk({"kty": kind, **_picked(entry, _MEMBERS[kind])})
    except (InvalidKeyError, ValueError, TypeError, KeyError):
        return None
    said = entry.get("alg")
    algorithms = frozenset(name for name in algorithms_of(public) if said in (None, name))
    return Key(kid, algorithms, public) if algorithms else None


def _picked(entry: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: entry[name] for name in names}


def algorithms_of(public: object) -> frozenset[str]:
    """Return the algorithms that a key of this type may sign with; none for a type or size we do not take."""
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= _LEAST_RSA_BITS:
        return frozenset({"RS256", "PS256"})
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        return frozenset({"ES256"})
    if isinstance(public, ed25519.Ed25519PublicKey):
        return frozenset({"EdDSA"})
    return frozenset()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The address is the one that was configured: a redirect could lead from https to http."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _read(url: str) -> bytes:
    """Return what stands at `url`, within time and size; raises OSError, HTTPException or ValueError."""
    ends_at = time.monotonic() + _FETCH_SECONDS
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(url, headers={"Accept": "application/jwk-set+json, application/json"})  # noqa: S310  the settings admit http(s) only
    read = b""
    with opener.open(request, timeout=_FETCH_SECONDS) as response:
        while chunk := response.read1(65_536):
            read += chunk
            if len(read) > _MAX_BYTES or time.monotonic() > ends_at:
                raise ValueError("too large or too slow")
    return read
