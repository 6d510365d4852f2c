"""Who calls: a bearer token from any OpenID provider, checked, becomes an Identity (RFC 6750, 8725, 9068).

What a refusal says is for the caller, who may be an attacker: a sentence about the token, never our keys.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from chassis import access, clock
from chassis.access import ANONYMOUS, Identity
from chassis.errors import Unauthorized
from chassis.jwks import KeyFile, Keys, KeyServer, Keyset, fitting

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
MAX_TOKEN_CHARACTERS = 8192
# How many callers' tokens are known as checked, so that a client's next request costs no signature.
_REMEMBERED = 2048
_COMPACT = re.compile(r"[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+){2}", re.ASCII)
_BEARER = re.compile(r"bearer +(\S+) *", re.ASCII | re.IGNORECASE)
# What `typ` says of an access token, if anything; logout tokens and proofs of possession say otherwise.
_TYPES = ("jwt", "at+jwt", "application/at+jwt")
# A name that goes into the audit trail and the logs. (JSON can say half a surrogate pair; nothing stores it.)
_NAME = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,255}")
# What only another kind of token carries: an ID token's hashes; a key that the bearer would have to prove.
_FOREIGN = ("at_hash", "c_hash", "cnf")
_FOREIGN_KINDS = ("ID", "Refresh", "Offline", "Logout")  # of a claim `typ`, if there is one


class _Checked(NamedTuple):
    """A token that has been found good: until when, and by which set of keys."""

    identity: Identity
    expires_at: float
    keys: Keyset


class Verifier:
    """Checks the tokens of one issuer, meant for one audience."""

    def __init__(self, settings: Mapping[str, Any], roles: Mapping[str, access.Role] | None = None) -> None:
        """Take what config.Settings declares; raises ConfigError if the key file cannot be read."""
        self._issuer, self._audience = settings["TOKEN_ISSUER"], settings["TOKEN_AUDIENCE"]
        self._leeway: int = settings["TOKEN_LEEWAY_SECONDS"]
        self._prefix = settings["TOKEN_CLAIM_PREFIX"]
        self._keys: Keys = (
            KeyServer(settings["TOKEN_JWKS_URL"])
            if settings.get("TOKEN_JWKS_URL")
            else KeyFile(Path(settings["TOKEN_PUBLIC_KEY_FILE"]))
        )
        self._roles = access.roles() if roles is None else roles
        self._checked: OrderedDict[bytes, _Checked] = OrderedDict()

    def identify(self, authorization: str | None) -> Identity:
        """Return who sends this Authorization header; nobody in particular without one.

        Raises Unauthorized, or Unavailable if there is no key to check anything with.
        """
        if authorization is None:
            return ANONYMOUS
        token = _bearer(authorization)
        digest, keys = sha256(token.encode()).digest(), self._keys.current()
        known = self._checked.get(digest)
        if known and known.keys is keys and not self._is_over(known.expires_at):
            self._checked.move_to_end(digest)
            return known.identity
        claims = self.claims(token)
        identity = identity_of(claims, self._roles, self._prefix)
        # after a renewal the next request checks again: `keys` are those from before it
        self._checked[digest] = _Checked(identity, float(claims["exp"]), keys)
        self._checked.move_to_end(digest)
        while len(self._checked) > _REMEMBERED:
            self._checked.popitem(last=False)
        return identity

    def claims(self, token: str) -> dict[str, Any]:
        """Return a token's claims after every check; raises Unauthorized or Unavailable."""
        header = _header(token)
        claims = self._signed(token, header)
        self._check_times(claims)
        if claims.get("typ") in _FOREIGN_KINDS or any(name in claims for name in _FOREIGN):
            raise _refusal("The token is no bearer access token")
        return claims

    def _signed(self, token: str, header: Mapping[str, Any]) -> dict[str, Any]:
        """Return the claims if one of our keys has signed them, for us."""
        kid, algorithm = header.get("kid"), header["alg"]
        keys = fitting(self._keys.current(), kid, algorithm) or fitting(self._keys.renewed(), kid, algorithm)
        for key in keys:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key.public,
                    algorithms=[algorithm],
                    issuer=self._issuer,
                    audience=self._audience,
                    # the times are ours to check, by our clock
                    options={
                        "require": ["iss", "aud", "exp", "sub"],
                        "verify_exp": False,
                        "verify_iat": False,
                        "verify_nbf": False,
                    },
                )
            except jwt.InvalidSignatureError:
                continue
            except _UNREADABLE as fault:
                raise _refusal(_told(fault)) from None
            return claims
        raise _refusal(
            "The token is signed with no key of the issuer's" if keys else "The token names an unknown key"
        )

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        moments = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
        if not all(type(at) in (int, float) and math.isfinite(at) for at in moments.values()):
            raise _refusal("The token's exp, nbf and iat must be numbers")
        if self._is_over(moments["exp"]):
            raise _refusal("The token has expired")
        latest = clock.now().timestamp() + self._leeway
        if any(moments.get(name, latest) > latest for name in ("nbf", "iat")):
            raise _refusal("The token is not valid yet")

    def _is_over(self, expires_at: float) -> bool:
        return expires_at + self._leeway <= clock.now().timestamp()


def identity_of(claims: Mapping[str, Any], roles: Mapping[str, access.Role], prefix: str = "") -> Identity:
    """Return who a checked token's claims speak of; raises Unauthorized if they do not say it properly."""
    name = claims.get(f"{prefix}role")
    role = roles.get(name) if isinstance(name, str) and name != access.PUBLIC else None
    if role is None:
        raise _refusal(f"The token's claim {prefix}role names no role")
    limits: dict[str, str] = {}
    if role.claim:
        value = claims.get(prefix + role.claim)
        if not role.admits(value):
            raise _refusal(f"The token's claim {prefix}{role.claim} is missing or malformed")
        limits[role.claim] = str(value)
    client = next((claims[key] for key in ("client_id", "azp") if claims.get(key)), claims["sub"])
    asked = claims.get("scope") or ""
    if not isinstance(asked, str):
        raise _refusal("The token's scope must be one text of names with spaces between")
    return Identity(
        subject=_name(claims["sub"], "sub"),
        client=_name(client, "client_id"),
        role=role.name,
        scopes=frozenset(asked.split(" ")) & role.scopes | {access.PUBLIC},
        view=role.view,
        claims=limits,
    )


def _bearer(authorization: str) -> str:
    """Return the token of an Authorization header."""
    if authorization[:6].lower() != "bearer":
        raise Unauthorized("Send a bearer token.")
    if len(authorization) > MAX_TOKEN_CHARACTERS:
        raise _refusal("The token is too long")
    found = _BEARER.fullmatch(authorization)
    if not found or not _COMPACT.fullmatch(found[1]):
        raise _refusal("What was sent as a bearer token is no signed JWT")
    return found[1]


def _header(token: str) -> dict[str, Any]:
    """Return a token's header if we take such tokens; keys that it brings along are not looked at."""
    try:
        header = jwt.get_unverified_header(token)
    except _UNREADABLE as fault:
        raise _refusal(_told(fault)) from None
    if header.get("alg") not in ALGORITHMS:
        raise _refusal(f"Tokens are signed with {', '.join(ALGORITHMS)}")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES or "crit" in header or "b64" in header:
        raise _refusal("The token is not of a kind that is taken here")
    return header


def _name(value: object, claim: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _refusal(f"The token's {claim} must be a name of 1 to 255 characters")
    return value


# What PyJWT and the JSON below it raise for a token that was made by hand.
_UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError)
_TOLD: tuple[tuple[type[Exception], str], ...] = (
    (jwt.InvalidAudienceError, "The token is meant for another audience"),
    (jwt.InvalidIssuerError, "The token is from another issuer"),
    (jwt.MissingRequiredClaimError, "The token lacks one of iss, aud, exp and sub"),
)


def _told(fault: Exception) -> str:
    return next((text for kind, text in _TOLD if isinstance(fault, kind)), "The token cannot be read")


def _refusal(detail: str) -> Unauthorized:
    return Unauthorized(f"{detail}.", error="invalid_token")
