"""Who calls the peer: a bearer token, whose signature is checked once, as the service does."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

_PUBLIC_KEY = Path(os.environ["TOKEN_PUBLIC_KEY_FILE"]).read_text(encoding="ascii")


@dataclass(frozen=True)
class Caller:
    """Who calls, of a token that has been checked."""

    subject: str
    client: str
    role: str
    scopes: frozenset[str]
    expires_at: float

    @property
    def view(self) -> str:
        """Return how much of a record they are shown."""
        return "internal" if self.role == "national_office" else "regions"


_known: dict[str, Caller] = {}


async def caller(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Caller:
    """Return who calls; the signature of a token is checked once."""
    known = _known.get(given.credentials)
    if known and known.expires_at > time.time():
        return known
    try:
        claims = jwt.decode(
            given.credentials,
            _PUBLIC_KEY,
            algorithms=["RS256", "ES256", "EdDSA"],
            issuer=os.environ["TOKEN_ISSUER"],
            audience=os.environ["TOKEN_AUDIENCE"],
            options={"require": ["iss", "aud", "exp", "sub"]},
        )
    except jwt.InvalidTokenError as fault:
        raise HTTPException(401, "The token is not valid.") from fault
    client, scopes = claims.get("client_id", claims["sub"]), frozenset(claims["scope"].split(" "))
    _known[given.credentials] = Caller(claims["sub"], client, claims["role"], scopes, claims["exp"])
    return _known[given.credentials]


def holding(scope: str) -> Any:
    """Return a dependency that demands a scope."""

    async def check(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if scope not in who.scopes:
            raise HTTPException(403, f"This needs the scope {scope}.")
        return who

    return Depends(check)


Reader = Annotated[Caller, holding("suppliers:read")]
Writer = Annotated[Caller, holding("suppliers:write")]
