"""Which tokens are taken, which are refused, and what the caller hears."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chassis import access, clock, errors
from chassis.access import ANONYMOUS
from chassis.config import ConfigError
from chassis.identity import Verifier
from tests.chassis import verifying as says
from tests.chassis.jwks_server import JwksServer
from tests.chassis.verifying import NO_REGION, NO_ROLE, SETTINGS, SIGNER, SIGNERS, pem, refused
from tests.tokens import AUDIENCE, Issuer


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


ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "identity.md"


def test_the_page_names_what_a_provider_must_deliver_and_the_one_that_was_tried():
    page = PAGE.read_text(encoding="utf-8")
    demanded = page.partition("## What a token must say")[2].partition("\n## ")[0]
    limits = {role.claim for role in access.roles().values() if role.claim}
    for claim in {"iss", "aud", "exp", "nbf", "iat", "sub", "client_id", "azp", "role", "scope", *limits}:
        assert f"`{claim}`" in demanded, claim
    tried = json.loads((ROOT / "tests" / "oidc" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    [(name, version)] = tried.items()
    assert f"Tried: `{name}` {version.partition('.')[0]} " in page


def test_the_page_explains_every_refusal():
    page = PAGE.read_text(encoding="utf-8")
    told = {text for text in vars(says).values() if isinstance(text, str) and text.startswith("The token")}
    assert len(told) > 12
    apart = {says.OTHER_AUDIENCE: "… meant for another audience."}
    apart |= dict.fromkeys((says.NO_SUB, says.NO_CLIENT), "The token's sub (client_id) must be a name of 1")
    assert [text for text in told if apart.get(text, text) not in page] == []


@pytest.mark.parametrize("algorithm", SIGNERS)
def test_a_good_token_says_who_calls(verifier, by_address, algorithm):
    token = SIGNERS[algorithm].token(
        scope="suppliers:read audits:decide no:such", azp="system-01", role="region", region="12"
    )
    for one in (verifier, by_address):
        found = one.identify(f"bearer  {token} ")
        assert (found.subject, found.client, found.role) == ("somebody", "system-01", "region")
        assert found.scopes == {"suppliers:read", "public"}  # a region may not decide audits
        assert found.limited_to("region") == "12"
        assert found.limited_to("area") is None


def test_who_sends_no_token_is_anonymous(verifier):
    assert verifier.identify(None) is ANONYMOUS
    assert (ANONYMOUS.role, ANONYMOUS.scopes, ANONYMOUS.claims) == ("public", {"public"}, {})


@pytest.mark.parametrize("header", ["", "Basic dTpw", "Digest x", "token", "bear"])
def test_another_scheme_is_sayswhich_one_is_wanted_without_an_error_code(verifier, header):
    with pytest.raises(errors.Unauthorized) as refusal:
        verifier.identify(header)
    assert refusal.value.headers == {"WWW-Authenticate": 'Bearer realm="kedja"'}


@pytest.mark.parametrize("role", ["national_office", "operations"])
def test_a_role_without_a_limit_needs_no_claim_and_gets_none(verifier, role):
    found = verifier.identify(f"Bearer {SIGNER.token(role=role, region='01')}")
    assert (found.role, found.claims) == (role, {})


def test_a_token_without_scopes_may_do_what_is_public(verifier):
    assert verifier.identify(f"Bearer {SIGNER.token(scope=None)}").scopes == {"public"}


def test_the_client_is_client_id_else_azp_else_the_subject(verifier):
    def client(**told: object) -> str:
        return verifier.identify(f"Bearer {SIGNER.token(**told)}").client

    assert client(client_id="a", azp="b") == "a"
    assert client(azp="b") == "b"
    assert client() == "somebody"


def test_a_namespace_stands_before_the_claims_where_a_provider_demands_one(tmp_path):
    (tmp_path / "public.pem").write_bytes(pem(SIGNER))
    told = {
        **SETTINGS,
        "TOKEN_CLAIM_PREFIX": "https://k/",
        "TOKEN_PUBLIC_KEY_FILE": str(tmp_path / "public.pem"),
    }
    token = SIGNER.token(role=None, region=None, **{"https://k/role": "client", "https://k/region": "03"})
    found = Verifier(told).identify(f"Bearer {token}")
    assert (found.role, found.claims) == ("client", {"region": "03"})
    assert refused(Verifier(told), SIGNER.token()) == "The token's claim https://k/role names no role."


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"role": None}, NO_ROLE),
        ({"role": "king"}, NO_ROLE),
        ({"role": ["region"]}, NO_ROLE),
        ({"role": "public"}, NO_ROLE),
        ({"region": None}, NO_REGION),
        ({"region": "1"}, NO_REGION),
        ({"region": "01\n"}, NO_REGION),
        ({"region": "٠١"}, NO_REGION),
        ({"region": 1}, NO_REGION),
        ({"region": ["01", "12"]}, NO_REGION),
        ({"role": "area_coordinator", "area": "I"}, "The token's claim area is missing or malformed."),
        ({"role": "auditor"}, "The token's claim auditor_id is missing or malformed."),
        ({"sub": None}, says.LACKS),
        ({"sub": ""}, says.NO_SUB),
        ({"sub": 7}, says.UNREADABLE),
        ({"sub": "a\r\nrole=king"}, says.NO_SUB),
        ({"sub": "x" * 256}, says.NO_SUB),
        ({"client_id": ["a"]}, says.NO_CLIENT),
        ({"client_id": "a\0"}, says.NO_CLIENT),
        ({"sub": "a\ud800"}, says.NO_SUB),
        ({"client_id": "\udfffa"}, says.NO_CLIENT),
        ({"client_id": None, "azp": "\ud83d"}, says.NO_CLIENT),
        ({"role": "region\ud800"}, NO_ROLE),
        ({"region": "0\ud800"}, NO_REGION),
        (
            {"role": "auditor", "auditor_id": "\ud800"},
            "The token's claim auditor_id is missing or malformed.",
        ),
        ({"scope": ["suppliers:read"]}, says.NO_TEXT),
        ({"aud": None}, says.LACKS),
        ({"aud": "another-api"}, says.OTHER_AUDIENCE),
        ({"aud": AUDIENCE + "/"}, says.OTHER_AUDIENCE),
        ({"aud": [AUDIENCE.upper()]}, says.OTHER_AUDIENCE),
        ({"aud": {AUDIENCE: 1}}, says.OTHER_AUDIENCE),
        ({"iss": "https://issuer.example/"}, says.OTHER_ISSUER),
        ({"exp": None}, says.LACKS),
        ({"exp": "4102444800"}, says.NO_NUMBER),
        ({"exp": True}, says.NO_NUMBER),
        ({"exp": float("inf")}, says.NO_NUMBER),
        ({"exp": float("nan")}, says.NO_NUMBER),
        ({"nbf": "now"}, says.NO_NUMBER),
        ({"iat": [1]}, says.NO_NUMBER),
        ({"typ": "ID"}, says.OTHER_KIND),
        ({"typ": "Refresh"}, says.OTHER_KIND),
        ({"at_hash": "x"}, says.OTHER_KIND),
        ({"cnf": {"jkt": "x"}}, says.OTHER_KIND),
    ],
)
def test_claims_that_are_missing_or_wrong_are_named(verifier, changed, told):
    assert refused(verifier, SIGNER.token(**changed)) == told


def test_a_token_for_several_audiences_is_meant_for_us_too(verifier):
    assert verifier.identify(f"Bearer {SIGNER.token(aud=['other', AUDIENCE])}").role == "region"


def test_times_count_with_the_leeway_and_not_beyond(verifier):
    now = int(time.time())
    for good in ({"exp": now - 20}, {"nbf": now + 20}, {"iat": now + 20.5}):
        assert verifier.identify(f"Bearer {SIGNER.token(**good)}").subject == "somebody"
    assert refused(verifier, SIGNER.token(exp=now - 40)) == says.OVER
    for early in ({"nbf": now + 60}, {"iat": now + 60}):
        assert refused(verifier, SIGNER.token(**early)) == says.EARLY


def test_a_token_that_was_good_is_refused_once_it_has_expired(verifier):
    token = SIGNER.token()
    assert verifier.identify(f"Bearer {token}") is verifier.identify(f"Bearer {token}")  # remembered
    with clock.moved(timedelta(seconds=331)):
        assert refused(verifier, token) == says.OVER


def test_a_key_file_holds_public_keys_of_use_and_nothing_else(tmp_path):
    path = tmp_path / "public.pem"
    told = {**SETTINGS, "TOKEN_PUBLIC_KEY_FILE": str(path)}
    with pytest.raises(ConfigError, match="No such file"):
        Verifier(told)
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  that is the point
    private = SIGNER.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content, said in (
        (b"", "keys are RSA of 2048 bits"),
        (b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n", "no file of public keys"),
        (pem(SIGNER) + private, "holds a private key"),
        (
            weak.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "keys are RSA of 2048 bits",
        ),
        ("ö".encode(), "no file of public keys"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=said):
            Verifier(told)


def test_the_tests_own_issuer_makes_tokens_that_are_taken(tmp_path):
    issuer = Issuer(tmp_path)
    taken = Verifier({**SETTINGS, **issuer.settings})
    found = taken.identify(issuer.bearer("client", region="01")["Authorization"])
    assert (found.role, found.claims) == ("client", {"region": "01"})
    assert "suppliers:write" in found.scopes
