"""Who calls and may they: the one place that decides. What each role may is in `access.toml` at the root."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chassis.config import ConfigError
from chassis.errors import Forbidden, NotFound, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    # Whose a thing is, by the claim that says so: {"region": {"01", "12"}}
    Owners = Mapping[str, Collection[str]]

FILE = Path(__file__).parent.parent / "access.toml"
# The two words that an endpoint may declare beside the scopes of access.toml.
PUBLIC, SESSION = "public", "session"
VIEWS = ("internal", "regions", "public")

_SCOPE = re.compile(r"[a-z][a-z0-9\-]*:[a-z]+", re.ASCII)
_KEYS = {"about", "scopes", "claim", "pattern", "view"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who calls: what the seam and the use cases may know of a token."""

    subject: str  # claim `sub`; "anonymous"
    client: str  # whom idempotency keys and rate limits belong to: `client_id`, `azp`, else `sub`
    role: str  # a role of access.toml; "public" when anonymous
    scopes: frozenset[str]  # the token's scopes that the role may hold, and "public"
    view: str  # how much of a record the role is shown
    claims: Mapping[str, str] = field(default_factory=dict)  # the role's limiting claim: {"region": "01"}

    def limited_to(self, claim: str) -> str | None:
        """Return the value that limits the caller by this claim; None where it does not."""
        return self.claims.get(claim)

    def reaches(self, owners: Owners) -> bool:
        """Tell whether a thing of these owners is within reach; what names no owners is everybody's."""
        if not self.claims or not owners:
            return True
        return any(value in owners.get(claim, ()) for claim, value in self.claims.items())


_NOBODY = "anonymous"
ANONYMOUS = Identity(subject=_NOBODY, client=_NOBODY, role=PUBLIC, scopes=frozenset({PUBLIC}), view=PUBLIC)


def demand(actor: Identity, scope: str) -> None:
    """Raise Unauthorized or Forbidden unless the caller holds what the endpoint demands."""
    if scope in {PUBLIC, SESSION} or scope in actor.scopes:
        return
    if actor.role == PUBLIC:
        raise Unauthorized("A bearer token is needed here.")
    raise Forbidden(f"This needs the scope {scope}: your token does not hold it, or your role may not.")


def admit(actor: Identity, owners: Owners | None) -> None:
    """Raise NotFound, in the same words, for a thing that is not there and for one that is out of reach."""
    if owners is None or not actor.reaches(owners):
        raise NotFound


def require(actor: Identity, owners: Owners, what: str) -> None:
    """Raise Forbidden, naming `what`, if somebody writes what would not be within their own reach."""
    if not actor.reaches(owners):
        raise Forbidden(f"{what} would be outside what you may write.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a role may do: a table of access.toml."""

    name: str
    about: str
    scopes: frozenset[str]
    claim: str | None = None  # the claim that limits it to its own
    pattern: str | None = None  # the claim's form, whole and in ASCII
    view: str

    def admits(self, value: object) -> bool:
        """Tell whether `value` is one that the limiting claim can have."""
        return isinstance(value, str) and bool(re.fullmatch(self.pattern or "", value, re.ASCII))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """All of access.toml."""

    scopes: Mapping[str, str]  # name -> description
    roles: Mapping[str, Role]


def load(path: Path = FILE) -> Access:
    """Return what `path` says; raises ConfigError that names every fault at once."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ConfigError(f"{path.name} cannot be read: {fault}") from None
    if found := list(_faults(document)):
        raise ConfigError(f"{path.name}: {'; '.join(found)}")
    roles = {name: _role(name, table) for name, table in document["roles"].items()}
    return Access(scopes=document["scopes"], roles=roles)


@cache
def access() -> Access:
    """Return the rules of this installation, read once."""
    return load()


def roles() -> Mapping[str, Role]:
    """Return the roles of this installation by name."""
    return access().roles


def _role(name: str, table: Mapping[str, Any]) -> Role:
    return Role(name=name, **{**table, "scopes": frozenset(table["scopes"])})


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    scopes, named = document.get("scopes"), document.get("roles")
    if not isinstance(scopes, dict) or not isinstance(named, dict):
        yield "it needs the tables [scopes] and [roles.<name>]"
        return
    yield from (f"there is no table {name}" for name in document.keys() - {"scopes", "roles"})
    for name, text in scopes.items():
        if not _SCOPE.fullmatch(name) or not isinstance(text, str) or not text:
            yield f"scope {name}: a name like things:read and a description are needed"
    if PUBLIC not in named:
        yield f"role {PUBLIC} is missing: who calls without a token has it"
    for name, table in named.items():
        yield from (f"role {name}: {fault}" for fault in _faults_of_role(name, table, scopes))


def _faults_of_role(name: str, table: Any, scopes: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(table, dict):
        yield "is no table"
        return
    yield from (f"{key} means nothing" for key in sorted(table.keys() - _KEYS))
    if not isinstance(table.get("about"), str):
        yield "about is missing"
    if table.get("view") not in VIEWS:
        yield f"view is one of {', '.join(VIEWS)}"
    held = table.get("scopes")
    if not isinstance(held, list):
        yield "scopes is a list"
    else:
        yield from (f"{scope} is no scope" for scope in held if scope not in scopes)
    yield from _faults_of_claim(name, table)


def _faults_of_claim(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    claim, pattern = table.get("claim"), table.get("pattern")
    if (claim is None) != (pattern is None):
        yield "claim and pattern belong together"
    elif claim is not None:
        if name == PUBLIC:
            yield "who has no token has no claim"
        if not isinstance(claim, str) or not isinstance(pattern, str) or not _compiles(pattern):
            yield "claim is a name, pattern a regular expression"


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern, re.ASCII)
    except re.error:
        return False
    return True
