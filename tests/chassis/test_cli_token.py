"""`kedja token` as a developer types it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time

import jwt
import pytest
from click.testing import CliRunner

from chassis.cli_token import make_keys, token_command
from chassis.config import ConfigError
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
    keys = tmp_path / "keys"
    kedja("keys", str(keys))
    kept = (keys / "private.pem").read_bytes()
    said = kedja("keys", str(keys))
    assert said == f"tokens are signed with {keys}/private.pem and checked with {keys}/public.pem"
    assert (keys / "private.pem").read_bytes() == kept
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in keys.iterdir()}
    assert modes == {"private.pem": 0o600, "public.pem": 0o644}


def test_a_token_is_taken_by_the_services_and_says_what_was_asked_for(kedja, environ, tmp_path):
    make_keys(tmp_path / "keys")
    verifier = Verifier({**SETTINGS, "TOKEN_PUBLIC_KEY_FILE": environ["TOKEN_PUBLIC_KEY_FILE"]})
    scopes = ("--scope", "suppliers:read risk:read", "--scope", "audits:read")
    names = ("--subject", "anna", "--client", "erp", "--claim", "region=01")
    token = kedja("--role", "client", "--minutes", "5", *scopes, *names)
    found = verifier.identify(f"Bearer {token}")
    assert (found.subject, found.client, found.role) == ("anna", "erp", "client")
    assert found.claims == {"region": "01"}
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
def test_a_token_that_no_service_would_take_is_not_made(environ, tmp_path, arguments, said):
    make_keys(tmp_path / "keys")
    done = CliRunner().invoke(token_command, arguments, env=environ)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_without_a_development_key_there_is_no_token(kedja):
    said = kedja("--role", "operations", status=1)
    assert "there is no development key here, so no token can be made" in said


@pytest.mark.parametrize(
    ("lacking", "said"),
    [("TOKEN_PUBLIC_KEY_FILE", "there is no development key"), ("TOKEN_ISSUER", "TOKEN_ISSUER is not set")],
)
def test_without_settings_there_is_no_token(environ, lacking, said):
    done = CliRunner().invoke(token_command, ["--role", "operations"], env={**environ, lacking: None})
    assert isinstance(done.exception, ConfigError)
    assert said in str(done.exception)
