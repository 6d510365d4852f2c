"""Tokens as tests need them: an issuer of this run's own, its key pair, and what services are told of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from chassis import cli_token

ISSUER = "https://issuer.example"
AUDIENCE = "https://kedja.example/api"


class Issuer:
    """Mints tokens with a key pair in `folder`."""

    def __init__(self, folder: Path) -> None:
        """Make the key pair, unless it is there."""
        self.private, self.public = cli_token.make_keys(folder)

    @property
    def settings(self) -> dict[str, str]:
        """What a service's environment must hold to take these tokens."""
        return {
            "TOKEN_ISSUER": ISSUER,
            "TOKEN_AUDIENCE": AUDIENCE,
            "TOKEN_PUBLIC_KEY_FILE": str(self.public),
        }

    def token(self, role: str, scope: str | None = None, minutes: float = 60, **claims: Any) -> str:
        """Return a token: with every scope of the role unless told otherwise, and `claims` beside."""
        held = cli_token.claims_of(role, scope.split(" ") if scope is not None else None)
        return cli_token.mint(self.private, {"iss": ISSUER, "aud": AUDIENCE, **held, **claims}, minutes)

    def bearer(self, role: str, scope: str | None = None, **claims: Any) -> dict[str, str]:
        """Return the header that carries such a token."""
        return {"Authorization": f"Bearer {self.token(role, scope, **claims)}"}


_FOLDER = tempfile.TemporaryDirectory(prefix="kedja-tokens-")
OURS = Issuer(Path(_FOLDER.name))
OFFICE = OURS.bearer("national_office", minutes=600)
