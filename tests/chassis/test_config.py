"""Settings: a service refuses to start without them and names all that are missing or wrong."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from marshmallow import fields

from chassis import config

COMPLETE = {
    "DATABASE_URL": "postgresql://x",
    "AMQP_URL": "amqp://x",
    "HTTP_ADDRESS": "127.0.0.1:8101",
    "OPS_ADDRESS": "127.0.0.1:9101",
    "TOKEN_ISSUER": "https://issuer.example",
    "TOKEN_AUDIENCE": "kedja",
    "TOKEN_JWKS_URL": "https://issuer.example/keys",
}


class WithSecret(config.Settings):
    LINK_KEY = fields.String(required=True)
    DAYS = fields.Integer(load_default=5)


def test_everything_that_is_missing_or_wrong_is_named_at_once():
    with pytest.raises(config.ConfigError) as refused:
        config.load(WithSecret, {"HTTP_ADDRESS": "8101", "DAYS": "many", "LINK_KEY": "  "})
    for name in (
        "DATABASE_URL",
        "AMQP_URL",
        "HTTP_ADDRESS: Must be host:port.",
        "OPS_ADDRESS",
        "DAYS",
        "LINK_KEY",
        "TOKEN_ISSUER",
        "TOKEN_AUDIENCE",
        "TOKEN_JWKS_URL: Set this or TOKEN_PUBLIC_KEY_FILE, one of both.",
    ):
        assert name in str(refused.value)


def test_settings_come_typed_with_defaults_and_without_what_is_not_ours():
    loaded = config.load(WithSecret, COMPLETE | {"LINK_KEY": "k", "DAYS": "", "PATH": "/bin"})
    defaults = {
        "LOG_LEVEL": "INFO",
        "INBOX_DAYS": 30,
        "TOKEN_LEEWAY_SECONDS": 30,
        "TOKEN_CLAIM_PREFIX": "",
        "RATE_LIMIT": "6000/minute",
        "RATE_LIMIT_ANONYMOUS": "600/minute",
        "RATE_LIMIT_FAILURES": "30/minute",
        "MAX_CONNECTIONS": 1000,
        "MAX_CONNECTIONS_PER_ADDRESS": 200,
        "TRUSTED_PROXIES": [],
    }
    assert loaded == COMPLETE | defaults | {"LINK_KEY": "k", "DAYS": 5}


def test_a_services_file_wins_over_the_environment(tmp_path, monkeypatch):
    (tmp_path / "suppliers.env").write_text("# ours\nDATABASE_URL = postgresql://file?a=b\n\nNAME=1\n")
    monkeypatch.setenv("KEDJA_ENV_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://shell")
    found = config.environment("suppliers")
    assert (found["DATABASE_URL"], found["NAME"]) == ("postgresql://file?a=b", "1")
    assert config.environment("audits")["DATABASE_URL"] == "postgresql://shell"


def test_a_service_without_its_settings_ends_with_one_sentence_and_a_status(tmp_path):
    environ = {"PATH": os.environ["PATH"], "KEDJA_ENV_DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "chassis", "run", "suppliers"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert "cannot start, the environment lacks or misstates: AMQP_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:٨١٠١", "127.0.0.1:8101\n", "8101", "ö:8101"])
def test_an_address_to_listen_at_is_a_host_and_a_port_in_ascii(address):
    with pytest.raises(config.ConfigError, match="Must be host:port"):
        config.load(WithSecret, COMPLETE | {"LINK_KEY": "k", "HTTP_ADDRESS": address})


def test_the_issuers_keys_are_at_one_place_and_the_leeway_is_small():
    with pytest.raises(config.ConfigError, match="one of both"):
        config.load(config.Settings, COMPLETE | {"TOKEN_PUBLIC_KEY_FILE": "/keys/public.pem"})
    with pytest.raises(config.ConfigError, match="Must be an http or https address"):
        config.load(config.Settings, COMPLETE | {"TOKEN_JWKS_URL": "file:///etc/passwd"})
    with pytest.raises(config.ConfigError, match="TOKEN_LEEWAY_SECONDS"):
        config.load(config.Settings, COMPLETE | {"TOKEN_LEEWAY_SECONDS": "301"})
