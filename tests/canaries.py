"""What the tests of canaries share: the shapes that a value may be shown in, and where one is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import jwt
from psycopg2 import sql

from tests.tokens import AUDIENCE, ISSUER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def shapes(value: str) -> set[str]:
    """A value as it is, in JSON, in an address, and in bytes as PostgreSQL shows them."""
    return {value, json.dumps(value)[1:-1], quote(value), quote(value, safe=""), value.encode().hex()}


def found(outputs: Mapping[str, str], canaries: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return which canary stands in which output: {(canary, output)}."""
    return {
        (name, place)
        for name, value in canaries.items()
        for place, text in outputs.items()
        if any(shape in text for shape in shapes(value))
    }


def tables(ask: Callable[[sql.Composable], list[str]]) -> dict[str, str]:
    """Return all that stands in a database, by table; `ask` returns the first column of a statement."""
    names = ask(sql.SQL("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"))
    assert {"outbox", "failed_event", "idempotency_key", "audit_trail"} <= set(names)
    each = sql.SQL("SELECT t::text FROM {} t")
    return {name: "\n".join(ask(each.format(sql.Identifier(name)))) for name in names}


def unsigned() -> str:
    """A token that nobody has signed."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 9_999_999_999, "role": "national_office"}
    return jwt.encode(claims, "", algorithm="none")
