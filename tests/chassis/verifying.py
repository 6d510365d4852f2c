"""A verifier's settings and what it may say."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis import errors
from chassis.http.answering import problem_of
from tests.chassis.jwks_server import Signer
from tests.tokens import AUDIENCE, ISSUER

if TYPE_CHECKING:
    from chassis.identity import Verifier

SETTINGS = {
    "TOKEN_ISSUER": ISSUER,
    "TOKEN_AUDIENCE": AUDIENCE,
    "TOKEN_LEEWAY_SECONDS": 30,
    "TOKEN_CLAIM_PREFIX": "",
}

UNKNOWN_KEY = "The token names an unknown key."
NOT_OURS = "The token is signed with no key of the issuer's."
NO_ROLE = "The token's claim role names no role."
NO_REGION = "The token's claim region is missing or malformed."
NO_SUB = "The token's sub must be a name of 1 to 255 characters."
NO_CLIENT = "The token's client_id must be a name of 1 to 255 characters."
LACKS = "The token lacks one of iss, aud, exp and sub."
UNREADABLE = "The token cannot be read."
OTHER_AUDIENCE = "The token is meant for another audience."
OTHER_ISSUER = "The token is from another issuer."
NO_NUMBER = "The token's exp, nbf and iat must be numbers."
OTHER_KIND = "The token is no bearer access token."
NO_TEXT = "The token's scope must be one text of names with spaces between."
OVER = "The token has expired."
EARLY = "The token is not valid yet."
ALGORITHMS = "Tokens are signed with RS256, PS256, ES256, EdDSA."
OTHER_TYPE = "The token is not of a kind that is taken here."


SIGNERS = {name: Signer(name, name) for name in ("RS256", "PS256", "ES256", "EdDSA")}
SIGNER = SIGNERS["ES256"]


def pem(signer: Signer) -> bytes:
    return signer.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**more: object) -> dict[str, object]:
    return jwt.decode(SIGNER.token(**more), options={"verify_signature": False})


def refused(verifier: Verifier, token: str) -> str:
    """Return what the caller hears: always 401 with RFC 6750's challenge."""
    with pytest.raises(errors.Unauthorized) as refusal:
        verifier.identify(f"Bearer {token}")
    answer = problem_of(refusal.value, "id")
    assert answer.status_code == 401
    expected = f'Bearer realm="kedja", error="invalid_token", error_description="{refusal.value.detail}"'
    assert answer.headers["WWW-Authenticate"] == expected
    return refusal.value.detail


def is_refused(verifier: Verifier, token: str) -> bool:
    """Tell whether a token is refused at present."""
    try:
        verifier.identify(f"Bearer {token}")
    except errors.Unauthorized:
        return True
    return False


def is_unavailable(verifier: Verifier, token: str) -> bool:
    """Tell whether nothing can be said of a token at present, which is no 401."""
    with pytest.raises(errors.Unavailable) as refusal:
        verifier.identify(f"Bearer {token}")
    return refusal.value.detail == "The signing keys cannot be fetched at the moment."
