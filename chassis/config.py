"""Settings come from the environment; a service refuses to start without them and names what is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from chassis import protection, rates
from chassis.errors import OperatorError

# `host:port`, as a socket takes it
_ADDRESS = validate.Regexp(r"[A-Za-z0-9_.\-]+:[0-9]{1,5}\Z", error="Must be host:port.")
_WEB_ADDRESS = validate.Regexp(r"https?://[!-~]+\Z", error="Must be an http or https address.")
_CLAIM_PREFIX = validate.Regexp(r"[A-Za-z0-9_.:/\-]*\Z", error="Must be a namespace as claims have it.")


class ConfigError(OperatorError):
    """The environment does not hold what the service needs; the message says what."""


def _rate(text: str) -> None:
    if not rates.is_rate(text):
        raise ValidationError('Must be one rate, such as "600/minute".')


class Networks(fields.Field[list[protection.Network]]):
    """Networks as text, separated by commas."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[protection.Network]:
        try:
            return protection.proxies(value)
        except ValueError:
            raise ValidationError("Must be networks, such as 10.0.0.0/8, 127.0.0.1.") from None


class Settings(Schema):
    """What every service needs; a service's own settings extend it."""

    class Meta:
        """The environment holds much that is not ours."""

        unknown = EXCLUDE

    DATABASE_URL = fields.String(required=True)
    AMQP_URL = fields.String(required=True)
    HTTP_ADDRESS = fields.String(required=True, validate=_ADDRESS)
    OPS_ADDRESS = fields.String(required=True, validate=_ADDRESS)
    # For how many days an event is known as handled. It has to outlast every way in which one comes twice: a
    # broker that was down with an unacknowledged message, a producer that was away between publishing and
    # forgetting, a broker or a producer's database put back from a backup. So: longer than the oldest backup
    # that anybody would restore.
    INBOX_DAYS = fields.Integer(load_default=30, validate=validate.Range(min=2, max=3650))
    # Requests of one client, of one address without a token, and tokens that were none from one address; each
    # per process. docs/protection.md says what happens then.
    RATE_LIMIT = fields.String(load_default="6000/minute", validate=_rate)
    RATE_LIMIT_ANONYMOUS = fields.String(load_default="600/minute", validate=_rate)
    RATE_LIMIT_FAILURES = fields.String(load_default="30/minute", validate=_rate)
    # Connections that are open at once, in all and from one address that is no trusted proxy
    MAX_CONNECTIONS = fields.Integer(load_default=1000, validate=validate.Range(min=10))
    MAX_CONNECTIONS_PER_ADDRESS = fields.Integer(load_default=200, validate=validate.Range(min=1))
    # Networks whose X-Forwarded-For is believed, such as nginx's: "10.0.0.0/8, 127.0.0.1"
    TRUSTED_PROXIES = Networks(load_default=list)
    LOG_LEVEL = fields.String(
        load_default="INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
    )
    # Whose tokens are taken, and for whom they must be meant, as `iss` and `aud` say it: docs/identity.md.
    TOKEN_ISSUER = fields.String(required=True)
    TOKEN_AUDIENCE = fields.String(required=True)
    # Where the issuer's public keys are: at an address that is asked again and again, or a file, read once.
    TOKEN_JWKS_URL = fields.String(validate=_WEB_ADDRESS)
    TOKEN_PUBLIC_KEY_FILE = fields.String()
    # How far the issuer's clock and ours may be apart.
    TOKEN_LEEWAY_SECONDS = fields.Integer(load_default=30, validate=validate.Range(min=0, max=300))
    # What stands before `role` and the claims that limit it, where a provider demands a namespace.
    TOKEN_CLAIM_PREFIX = fields.String(load_default="", validate=_CLAIM_PREFIX)

    @validates_schema(skip_on_field_errors=False)
    def _one_source_of_keys(self, data: dict[str, Any], **_: Any) -> None:
        if ("TOKEN_JWKS_URL" in data) == ("TOKEN_PUBLIC_KEY_FILE" in data):
            raise ValidationError("Set this or TOKEN_PUBLIC_KEY_FILE, one of both.", "TOKEN_JWKS_URL")


def environment(service: str) -> dict[str, str]:
    """Return the environment of `service`: the process's own, and its file in KEDJA_ENV_DIR if there is one.

    The file wins: on a developer's machine one shell serves four services, and a DATABASE_URL left in it
    must not send all four to one database.
    """
    file = Path(os.environ.get("KEDJA_ENV_DIR", ".run/env")) / f"{service}.env"
    if not file.is_file():
        return dict(os.environ)
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {**os.environ, **{key.strip(): value.strip() for key, value in pairs}}


def load(schema: type[Schema], environ: dict[str, str]) -> dict[str, Any]:
    """Return the settings that `schema` declares; raises ConfigError naming all that are missing or wrong."""
    try:
        given = {name: value for name, value in environ.items() if value.strip()}  # a blank one is missing
        settings: dict[str, Any] = schema().load(given)
    except ValidationError as fault:
        faults = "; ".join(
            f"{name}: {' '.join(texts)}" for name, texts in sorted(fault.messages_dict.items())
        )
        raise ConfigError(f"cannot start, the environment lacks or misstates: {faults}") from None
    return settings
