"""Tokens that somebody made by hand: whatever they try, they are refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis import errors
from chassis.identity import MAX_TOKEN_CHARACTERS, Verifier
from tests.chassis import verifying as says
from tests.chassis.jwks_server import JwksServer, Signer
from tests.chassis.verifying import SETTINGS, SIGNER, SIGNERS, claims, part, pem, refused


@pytest.fixture(scope="module")
def verifier(tmp_path_factory):
    """Knows the public key of every signer from one file."""
    path = tmp_path_factory.mktemp("keys") / "public.pem"
    path.write_bytes(b"".join(pem(signer) for signer in SIGNERS.values()))
    return Verifier({**SETTINGS, "TOKEN_PUBLIC_KEY_FILE": str(path)})


@pytest.fixture(scope="module")
def by_address():
    """Knows them from the provider's address."""
    provider = JwksServer(*(signer.jwk() for signer in SIGNERS.values()))
    yield Verifier({**SETTINGS, "TOKEN_JWKS_URL": provider.url})
    provider.stop()


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_without_a_signature_is_refused(verifier, by_address, alg):
    for signature in ("", "AA"):
        token = f"{part({'alg': alg, 'typ': 'JWT'})}.{part(claims())}.{signature}"
        assert refused(verifier, token)
        assert refused(by_address, token)


@pytest.mark.parametrize("form", ["pem", "pem without newline", "der", "jwk"])
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_secret_to_sign_with(verifier, by_address, alg, form):
    for signer in SIGNERS.values():
        public = signer.private.public_key()
        secret = {
            "pem": pem(signer),
            "pem without newline": pem(signer).strip(),
            "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "jwk": json.dumps(signer.jwk()).encode(),
        }[form]
        signed = f"{part({'alg': alg, 'typ': 'JWT', 'kid': signer.kid})}.{part(claims())}"
        digest = getattr(hashlib, alg.replace("HS", "sha"))
        token = f"{signed}.{part(hmac.new(secret, signed.encode(), digest).digest())}"
        for one in (verifier, by_address):
            assert refused(one, token) == says.ALGORITHMS


@pytest.mark.parametrize("alg", ["RS384", "RS512", "ES384", "ES512", "ES256K", "PS512", ["ES256"], None, 1])
def test_only_the_pinned_algorithms_are_taken(verifier, alg):
    head, body, signature = SIGNER.token().split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    assert refused(verifier, f"{part({**header, 'alg': alg})}.{body}.{signature}")


def test_a_key_checks_its_own_algorithm_only(by_address):
    for signer in SIGNERS.values():
        for other in {"RS256", "ES256", "EdDSA"} - {signer.algorithm}:
            head, body, signature = signer.token().split(".")
            header = json.loads(base64.urlsafe_b64decode(head + "=="))
            assert refused(by_address, f"{part({**header, 'alg': other})}.{body}.{signature}")


def test_a_key_that_the_token_brings_along_is_ignored(verifier, by_address):
    attacker = Signer("ES256", "ES256")
    server = JwksServer(attacker.jwk())
    brought = {"jwk": attacker.jwk(), "jku": server.url, "x5u": server.url, "x5c": ["AA=="]}
    for one in (verifier, by_address):
        assert refused(one, attacker.token(headers=brought)) == says.NOT_OURS
        assert one.identify(f"Bearer {SIGNER.token(headers=brought)}").subject == "somebody"
    server.stop()
    assert server.asked == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"typ": "logout+jwt"},
        {"typ": "dpop+jwt"},
        {"typ": 7},
        {"typ": ""},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": True},
    ],
)
def test_another_kind_of_token_is_refused(verifier, headers):
    head, body, _ = SIGNER.token().split(".")
    header = {**json.loads(base64.urlsafe_b64decode(head + "==")), **headers}
    signed = f"{part(header)}.{body}"
    signature = jwt.get_algorithm_by_name("ES256").sign(signed.encode(), SIGNER.private)
    # PyJWT itself refuses a `crit` that it does not know
    expected = says.UNREADABLE if "crit" in headers else says.OTHER_TYPE
    assert refused(verifier, f"{signed}.{part(signature)}") == expected


@pytest.mark.parametrize("typ", ["at+jwt", "JWT", "application/at+jwt", "jwt"])
def test_an_access_token_may_say_that_it_is_one(verifier, typ):
    assert verifier.identify(f"Bearer {SIGNER.token(headers={'typ': typ})}").subject == "somebody"


def test_a_changed_token_is_refused_also_where_the_good_one_is_known(verifier):
    token = SIGNER.token()
    verifier.identify(f"Bearer {token}")
    head, _, signature = token.split(".")
    forged = f"{head}.{part(claims(role='national_office'))}.{signature}"
    assert refused(verifier, forged) == says.NOT_OURS


DEEP = b"[" * 4000
MALFORMED = [
    "",
    "x",
    "a.b",
    "a.b.c",
    "a.b.c.d.e",
    "..",
    "a..c",
    "a b.c.d",
    "ä.ö.å",
    f"{part(b'not json')}.{part({})}.AA",
    f"{part([])}.{part({})}.AA",
    f"{part(DEEP)}.{part({})}.AA",
    f"{part({'alg': 'ES256'})}.{part(DEEP)}.AA",
    f"{part({'alg': 'ES256', 'kid': 7})}.{part({})}.AA",
    f"{part({'alg': 'ES256', 'kid': {}})}.{part({})}.AA",
    f"{part(bytes(range(128, 200)))}.{part({})}.AA",
    "=.=.=",
]


@pytest.mark.parametrize("token", MALFORMED)
def test_what_is_no_token_is_refused(verifier, by_address, token):
    refused(verifier, token)
    refused(by_address, token)


@pytest.mark.parametrize(
    "payload", [b"not json", b"[]", b"7", b"\xff", DEEP, b'{"exp": 1e999}', b'{"aud": {}}']
)
def test_a_signed_payload_that_makes_no_sense_is_refused(verifier, payload):
    token = jwt.PyJWS().encode(payload, SIGNER.private, "ES256")
    refused(verifier, token)


def test_a_token_that_is_too_long_is_not_even_read(verifier):
    longest = MAX_TOKEN_CHARACTERS - len("Bearer ")
    padding = longest - len(SIGNER.token(x=""))
    token = SIGNER.token(x="y" * (padding * 3 // 4 - 2))
    assert verifier.identify(f"Bearer {token}").subject == "somebody"
    assert refused(verifier, SIGNER.token(x="y" * padding)) == "The token is too long."


@settings(deadline=None)
@given(st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_random_bytes_give_nothing_but_401(verifier, text):
    for header in (text, f"Bearer {text}"):
        with pytest.raises(errors.Unauthorized):
            verifier.identify(header)


TEXT = st.text('aZ09 :.\0\n"\\å\ud800', max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=8,
)
HEADER_NAMES = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "x5c", "zip", "enc"])
CLAIM_NAMES = st.sampled_from(
    ["iss", "aud", "exp", "nbf", "iat", "sub", "role", "region", "scope", "client_id", "azp", "typ"]
)


@settings(deadline=None)
@given(
    st.dictionaries(HEADER_NAMES, JSON),
    st.dictionaries(CLAIM_NAMES, JSON),
    st.text(string.ascii_letters, max_size=90),
)
def test_a_token_made_by_hand_gives_nothing_but_401(verifier, header, body, signature):
    for head in (header, {**header, "alg": "RS256"}, {"alg": "ES256"}, {"alg": "EdDSA", "kid": "EdDSA"}):
        with pytest.raises(errors.Unauthorized):
            verifier.identify(f"Bearer {part(head)}.{part(body)}.{signature}")


@settings(deadline=None)
@given(st.dictionaries(CLAIM_NAMES, JSON, min_size=1))
def test_whatever_the_issuer_signs_is_understood_or_401(verifier, changed):
    token = jwt.PyJWS().encode(json.dumps({**claims(), **changed}).encode(), SIGNER.private, "ES256")
    try:
        found = verifier.identify(f"Bearer {token}")
    except errors.Unauthorized:
        return
    assert (found.role, found.claims) == ("region", {"region": "01"})
    assert found.scopes <= {"suppliers:read", "public"}
