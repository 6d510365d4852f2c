"""Reading requests: body and query by their schemas, conditions, keys; every fault of them at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
from marshmallow import Schema, ValidationError, fields

from chassis import clock, errors, sql
from chassis.bodies import read_body, refuse_depth
from chassis.events import loader
from chassis.http.call import Call
from chassis.http.conditions import Expectation, expectation
from chassis.ids import uuid7
from chassis.uploads import Upload

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from chassis.access import Identity
    from chassis.http.endpoint import Endpoint

_CORRELATION = re.compile(r"[\w.\-]{1,64}", re.ASCII)


def correlation_of(request: Request) -> str:
    """Return the caller's correlation id if it is one, else a new one."""
    given = request.headers.get("X-Correlation-ID", "")
    return given if _CORRELATION.fullmatch(given) else str(uuid7())


def bearer_of(request: Request) -> str | None:
    """Return the bearer token of the request, if there is one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def read(endpoint: Endpoint, request: Request, actor: Identity, correlation_id: str) -> Call:
    """Read and check a request; raises a ProblemError that names every fault at once."""
    _refuse_nul(any("\0" in text for text in (request.path, *request.args, *request.args.values())))
    faults: dict[str, str] = {}
    raw, data = _body(endpoint.body, request, faults)
    filters = _query(endpoint.query, request, faults) if endpoint.query else {}
    if faults:
        raise errors.Invalid(faults)
    return Call(
        body=data,
        raw=raw,
        query=filters,
        now=clock.now(),
        actor=actor,
        bearer=bearer_of(request),
        expects=expectation(request.headers) if endpoint.conditional else Expectation(),
        correlation_id=correlation_id,
    )


def _query(schema: type[Schema], request: Request, faults: dict[str, str]) -> dict[str, Any]:
    """Read the query. Of what is given twice one could not know which was meant, unless it is a list."""
    lists = {name for name, field in loader(schema).fields.items() if isinstance(field, fields.List)}
    given = dict(request.args.lists())
    loaded = _checked(
        schema, {name: all_ if name in lists else all_[0] for name, all_ in given.items()}, "?", faults
    )
    twice = [name for name, all_ in given.items() if len(all_) > 1 and name not in lists]
    faults.update({f"?{_escape(name)}": "Is given more than once." for name in twice})
    return loaded


def _body(body: Any, request: Request, faults: dict[str, str]) -> tuple[bytes, dict[str, Any]]:
    """Read JSON by its schema; of a file only the headers, for it is taken in when all else is in order."""
    if isinstance(body, Upload):
        body.check(request)
        return b"", {}
    if body is None:
        return b"", {}
    raw = _json_text(request)
    return raw, _checked(body, _parsed(raw), "", faults)


def _json_text(request: Request) -> bytes:
    if request.mimetype != "application/json":
        raise errors.UnsupportedMediaType
    raw = read_body(request)
    refuse_depth(raw)
    _refuse_nul(sql.has_nul(raw))
    return raw


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as fault:
        raise errors.Malformed(f"The body is not JSON: {fault}") from None


def _refuse_nul(found: bool) -> None:
    if found:
        raise errors.Malformed("The character U+0000 cannot be stored.")


def _checked(schema: type[Schema], data: Any, prefix: str, faults: dict[str, str]) -> dict[str, Any]:
    """Load `data`, or add each fault to `faults` by JSON pointer (a query's begin with a question mark)."""
    try:
        loaded: dict[str, Any] = loader(schema).load(data)
    except ValidationError as fault:
        faults.update(pointers(fault.messages, prefix))
        return {}
    return loaded


def pointers(messages: Any, prefix: str = "") -> dict[str, str]:
    """Flatten marshmallow's nested messages: JSON pointer -> what is wrong there."""
    if not isinstance(messages, dict):
        texts = messages if isinstance(messages, list) else [messages]
        return {prefix: " ".join(str(text) for text in texts)}
    flat: dict[str, str] = {}
    for key, below in messages.items():
        step = "" if key == "_schema" else f"{'' if prefix == '?' else '/'}{_escape(str(key))}"
        flat.update(pointers(below, prefix + step))
    return flat


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
