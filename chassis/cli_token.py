"""`kedja token`: tokens for development, signed with a key pair that was made at set-up."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chassis import access, clock, config
from chassis.installed import installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The private half lies beside the public one, which the services are told of.
PRIVATE, PUBLIC = "private.pem", "public.pem"
_ALGORITHM = "ES256"
_MOST_MINUTES = 24 * 60


@click.group(name="token", invoke_without_command=True)
@click.option("--role", help="A role of access.toml.")
@click.option("--claim", "pairs", multiple=True, metavar="NAME=VALUE", help="The claim that limits the role.")
@click.option("--scope", "scopes", multiple=True, help="One scope, or several.  [default: all of the role's]")
@click.option("--subject", help="Who it is.  [default: dev-<role>]")
@click.option("--client", help="The system that calls.  [default: the subject]")
@click.option("--minutes", default=60, show_default=True, type=click.IntRange(1, _MOST_MINUTES))
@click.pass_context
def token_command(ctx: click.Context, /, role: str | None, **told: Any) -> None:
    """Print a token for development: kedja token --role ROLE --claim NAME=VALUE"""
    if ctx.invoked_subcommand is not None:
        return
    if not role:
        raise click.UsageError(f"name a --role: {', '.join(_roles())}")
    environment = _told_to_the_services()
    key = _private_key(environment)
    subject = told["subject"] or f"dev-{role}"
    claims = {
        "iss": environment["TOKEN_ISSUER"],
        "aud": environment["TOKEN_AUDIENCE"],
        **_checked(role, told["pairs"], told["scopes"], environment.get("TOKEN_CLAIM_PREFIX", "")),
        "sub": subject,
        "client_id": told["client"] or subject,
    }
    click.echo(mint(key, claims, told["minutes"]))


@token_command.command(name="keys")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def keys_command(folder: Path) -> None:
    """Make a key pair for development in DIR, unless there is one: private.pem, public.pem."""
    private, public = make_keys(folder)
    click.echo(f"tokens are signed with {private} and checked with {public}")


def make_keys(folder: Path) -> tuple[Path, Path]:
    """Return (private, public), the files of a key pair in `folder`; what is there already stays."""
    private, public = folder / PRIVATE, folder / PUBLIC
    if not private.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(public, made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
        _write(private, pem, 0o600)
    return private, public


def claims_of(role: str, scopes: Iterable[str] | None = None, prefix: str = "") -> dict[str, str]:
    """Return the claims of a role's token: with all its scopes unless some are named."""
    held = access.roles()[role].scopes if scopes is None else scopes
    return {f"{prefix}role": role, "scope": " ".join(sorted(held)), "sub": f"dev-{role}"}


def mint(private: Path, claims: Mapping[str, Any], minutes: float) -> str:
    """Return a token that holds from now on for so many minutes."""
    now = clock.now()
    times = {"iat": int(now.timestamp()), "exp": int((now + timedelta(minutes=minutes)).timestamp())}
    return jwt.encode({**times, **claims}, private.read_bytes(), _ALGORITHM, headers={"typ": "at+jwt"})


def _checked(role: str, pairs: Iterable[str], scopes: Iterable[str], prefix: str) -> dict[str, str]:
    """Return the claims that were asked for; raises UsageError where no service would take them."""
    known = _roles()
    if role not in known:
        raise click.UsageError(f"{role} is no role: {', '.join(known)}")
    asked = [name for text in scopes for name in text.split()]
    if foreign := sorted(set(asked) - known[role].scopes):
        raise click.UsageError(f"{role} may not hold {', '.join(foreign)}")
    own = dict(pair.partition("=")[::2] for pair in pairs)
    limit = known[role].claim
    if set(own) != ({limit} if limit else set()) or (limit and not known[role].admits(own[limit])):
        needs = f"--claim {limit}=… ({known[role].pattern})" if limit else "no --claim"
        raise click.UsageError(f"{role} needs {needs}")
    limits = {f"{prefix}{name}": value for name, value in own.items()}
    return {**claims_of(role, asked or None, prefix), **limits}


def _roles() -> dict[str, access.Role]:
    return {name: role for name, role in sorted(access.roles().items()) if name != access.PUBLIC}


def _told_to_the_services() -> dict[str, str]:
    """Return a service's environment: all take the same tokens."""
    found = (config.environment(service) for service in installed())
    environment = next((told for told in found if told.get("TOKEN_ISSUER")), None)
    if environment is None:
        raise config.ConfigError("TOKEN_ISSUER is not set, neither here nor in .run/env/<service>.env")
    return environment


def _private_key(environment: Mapping[str, str]) -> Path:
    public = environment.get("TOKEN_PUBLIC_KEY_FILE")
    private = Path(public).with_name(PRIVATE) if public else None
    if private is None or not private.is_file():
        raise config.ConfigError(
            "there is no development key here, so no token can be made: ask your provider for one, or set up "
            "a platform with `make up` (docs/identity.md)"
        )
    return private


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file that has its mode from the beginning, whatever the umask, and is whole when it appears."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    half.chmod(mode)
    half.replace(path)
