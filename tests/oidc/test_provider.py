"""What docs/identity.md says about a region's system, tried with a real provider."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import jwt
import pytest

from chassis import jwks
from chassis.identity import Verifier
from tests.chassis.verifying import NO_REGION, NO_ROLE, OTHER_AUDIENCE, SETTINGS, UNKNOWN_KEY, refused
from tests.oidc.provider import Provider, signing_key, system

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="needs node and npm")


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    serving = Provider(tmp_path_factory.mktemp("oidc"))
    for region in ("01", "12"):
        serving.register(system(region, f"the first secret of {region}"))
    serving.start()
    yield serving
    serving.stop()


@pytest.fixture
def verifier(provider, monkeypatch):
    monkeypatch.setattr(jwks, "_PAUSE_SECONDS", 0)
    return Verifier({**SETTINGS, **provider.settings})


def test_a_regions_system_gets_a_token_and_is_known_by_it(provider, verifier):
    token = provider.token("system-12", "the first secret of 12", "suppliers:read suppliers:write")
    found = verifier.identify(f"Bearer {token}")
    assert (found.subject, found.client, found.role) == ("system-12", "system-12", "client")
    assert found.claims == {"region": "12"}
    assert found.scopes == {"suppliers:read", "suppliers:write", "public"}


def test_the_pages_own_registration_works(provider, verifier):
    page = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    registered = {**json.loads(example), "client_id": "system-of-the-page"}
    provider.register(registered)
    provider.reload()
    token = provider.token(registered["client_id"], registered["client_secret"], registered["scope"])
    found = verifier.identify(f"Bearer {token}")
    assert (found.client, found.role, found.claims) == ("system-of-the-page", "client", {"region": "01"})
    assert found.scopes == {*registered["scope"].split(), "public"}


def test_a_system_gets_no_scope_that_it_was_not_registered_with(provider):
    answer = provider.ask("system-01", "the first secret of 01", "audits:decide")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_a_systems_secret_is_changed_without_a_gap(provider, verifier):
    """Its token goes on working until it expires: so long there is time to give the system the new secret."""
    old = provider.token("system-01", "the first secret of 01")
    provider.register(system("01", "the second secret of 01"))
    provider.reload()
    assert verifier.identify(f"Bearer {old}").client == "system-01"
    refusal = provider.ask("system-01", "the first secret of 01")
    assert (refusal.status_code, refusal.json()["error"]) == (401, "invalid_client")
    new = provider.token("system-01", "the second secret of 01")
    assert verifier.identify(f"Bearer {new}") == verifier.identify(f"Bearer {old}")


def test_the_providers_key_is_changed_without_a_gap(provider, verifier):
    secret = "the first secret of 12"  # noqa: S105
    old = provider.token("system-12", secret)
    assert verifier.identify(f"Bearer {old}").role == "client"
    (first,) = provider.keys
    second = signing_key("second")
    for keys in ([first, second], [second, first]):  # published first, then signed with
        provider.keys = keys
        provider.reload()
        fresh = provider.token("system-12", secret)
        assert jwt.get_unverified_header(fresh)["kid"] == keys[0]["kid"]
        assert verifier.identify(f"Bearer {fresh}").role == "client"
        assert verifier.identify(f"Bearer {old}").role == "client"
    provider.keys = [second]  # withdrawn, once the last token that it signed has expired
    provider.reload()
    late = Verifier({**SETTINGS, **provider.settings})
    assert refused(late, old) == UNKNOWN_KEY
    assert late.identify(f"Bearer {fresh}").role == "client"


@pytest.mark.parametrize(("registered", "told"), [({"role": "king"}, NO_ROLE), ({"region": "1"}, NO_REGION)])
def test_a_system_that_was_registered_wrongly_hears_what_is_wrong(provider, verifier, registered, told):
    provider.register(system("03", "a secret of 03", **registered))
    provider.reload()
    assert refused(verifier, provider.token("system-03", "a secret of 03")) == told


def test_a_token_for_another_api_of_the_same_provider_is_refused(provider, verifier):
    other = Verifier({**SETTINGS, **provider.settings, "TOKEN_AUDIENCE": "https://other.example"})
    assert refused(other, provider.token("system-12", "the first secret of 12")) == OTHER_AUDIENCE
