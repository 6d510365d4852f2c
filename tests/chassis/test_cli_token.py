"""`kedja token` as a developer types it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time

import jwt
import pytest

from chassis.identity import Verifier
from tests.chassis.verifying import SETTINGS
from tests.tokens import AUDIENCE, ISSUER


@pytest.fixture
def environ(tmp_path):
    return {
        "PATH": os.environ["PATH"],
        "KEDJA_ENV_DIR": str(tmp_path / "none"),
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "TOKEN_PUBLIC_KEY_FILE": str(tmp_path / "keys" / "public.pem"),
    }


@pytest.fixture
def kedja(environ):
    def kedja(*arguments: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "chassis", "token", *arguments]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, done
        assert "Traceback" not in done.stderr
        return (done.stderr if status else done.stdout).strip()

    return kedja


def test_a_key_pair_is_made_once_and_only_we_can_read_the_private_half(kedja, tmp_path):
    for _ in range(2):
        said = kedja("keys", str(tmp_path / "keys"))
        kept = (tmp_path / "keys" / "private.pem").read_bytes()
    assert (
        said
        == f"tokens are signed with {tmp_path}/keys/private.pem and checked with {tmp_path}/keys/public.pem"
    )
    assert (tmp_path / "keys" / "private.pem").read_bytes() == kept
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "keys").iterdir()}
    assert modes == {"private.pem": 0o600, "public.pem": 0o644}


def test_a_token_is_taken_by_the_services_and_says_what_was_asked_for(kedja, environ, tmp_path):
    kedja("keys", str(tmp_path / "keys"))
    verifier = Verifier({**SETTINGS, "TOKEN_PUBLIC_KEY_FILE": environ["TOKEN_PUBLIC_KEY_FILE"]})
    told = (
        "--scope",
        "suppliers:read risk:read",
        "--scope",
        "audits:read",
        "--subject",
        "anna",
        "--client",
        "erp",
    )
    token = kedja("--role", "client", "--claim", "region=01", "--minutes", "5", *told)
    found = verifier.identify(f"Bearer {token}")
    assert (found.subject, found.client, found.role, found.claims) == (
        "anna",
        "erp",
        "client",
        {"region": "01"},
    )
    assert found.scopes == {"suppliers:read", "risk:read", "audits:read", "public"}
    assert jwt.decode(token, options={"verify_signature": False})["exp"] - time.time() < 301
    everything = verifier.identify(f"Bearer {kedja('--role', 'national_office')}")
    assert everything.subject == everything.client == "dev-national_office"
    assert "audit-trail:read" in everything.scopes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a --role: area_coordinator, auditor, client, national_office, operations, region"),
        (("--role", "king"), "king is no role"),
        (("--role", "public"), "public is no role"),
        (("--role", "region"), "region needs --claim region=… ([0-9]{2})"),
        (("--role", "region", "--claim", "region=1"), "region needs --claim region=… ([0-9]{2})"),
        (("--role", "region", "--claim", "area=A"), "region needs --claim region=…"),
        (("--role", "operations", "--claim", "region=01"), "operations needs no --claim"),
        (("--role", "auditor", "--scope", "audits:decide"), "auditor may not hold audits:decide"),
    ],
)
def test_a_token_that_no_service_would_take_is_not_made(kedja, tmp_path, arguments, said):
    kedja("keys", str(tmp_path / "keys"))
    assert said in kedja(*arguments, status=2)


def test_without_a_development_key_there_is_no_token(kedja, environ):
    for removed in ("", "TOKEN_PUBLIC_KEY_FILE"):
        environ.pop(removed, None)
        said = kedja("--role", "operations", status=1)
        assert "there is no development key here, so no token can be made" in said
    environ.pop("TOKEN_ISSUER")
    assert "TOKEN_ISSUER is not set" in kedja("--role", "operations", status=1)
