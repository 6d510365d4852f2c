"""Reading requests: body and query by their schemas, conditions, keys; every fault of them at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import Schema, ValidationError, fields

from chassis import clock, errors, sql
from chassis.bodies import read_body
from chassis.http import sheets
from chassis.http.call import HTML, Call
from chassis.http.canonical import odd_ones
from chassis.http.conditions import Expectation, expectation
from chassis.http.parsing import TWICE, parsed
from chassis.http.pointers import PATH, QUERY, below, pointers
from chassis.ids import uuid7
from chassis.loading import loader, reader
from chassis.uploads import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def receive(endpoint: Endpoint, request: Request) -> bytes:
    """Return a JSON body as it came, unpacked, however long that takes; of a file nothing is read yet.

    Raises what can be told without taking it apart: the media type, the length.
    """
    if isinstance(endpoint.body, Upload):
        endpoint.body.check(request)
        return b""
    if endpoint.body is None:
        return b""
    also = [sheets.MEDIA_TYPE] if endpoint.sheet else []
    if request.mimetype not in {"application/json", *also}:
        raise errors.UnsupportedMediaType(f"Send {' or '.join(['application/json', *also])}.")
    return read_body(request)


class Asked(NamedTuple):
    """A request with the values of its address's parts, its body as it came, and the form of the answer."""

    request: Request
    path_values: Mapping[str, Any]
    raw: bytes
    form: str


def read(endpoint: Endpoint, asked: Asked, actor: Identity, correlation_id: str) -> Call:
    """Check a request; raises a ProblemError that names every fault at once.

    Long bodies are work: whoever asks for it has a place, and others have their turns meanwhile.
    """
    request, path_values, raw, form = asked
    _refuse_nul(any("\0" in text for text in (request.path, *request.args, *request.args.values())))
    faults: dict[str, str] = {}
    data = _body(endpoint, request, raw, faults)
    filters = _query(endpoint.query, request, faults) if endpoint.query else {}
    if endpoint.path:
        _checked(endpoint.path, path_values, PATH, faults)
    if faults:
        raise errors.Invalid(faults)
    return Call(
        body=data,
        raw=raw,
        query=filters,
        now=clock.now(),
        actor=actor,
        bearer=bearer_of(request),
        page=endpoint.both and form == HTML,
        languages=_languages(request) if endpoint.html else (),
        expects=_expected(endpoint, request),
        correlation_id=correlation_id,
    )


def _expected(endpoint: Endpoint, request: Request) -> Expectation:
    return expectation(request.headers, endpoint.creates) if endpoint.conditional else Expectation()


def _languages(request: Request) -> tuple[str, ...]:
    """Return the languages that the caller reads, best first, without their regions."""
    return tuple(tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)


def _query(schema: type[Schema], request: Request, faults: dict[str, str]) -> dict[str, Any]:
    """Read the query. Of what is given twice one could not know which was meant, unless it is a list."""
    lists = {name for name, field in loader(schema).fields.items() if isinstance(field, fields.List)}
    given = dict(request.args.lists())
    one_of_each = {name: all_ if name in lists else all_[0] for name, all_ in given.items()}
    loaded = _checked(schema, one_of_each, QUERY, faults)
    faults.update({below(QUERY, name): told for name, told in odd_ones(loader(schema), one_of_each).items()})
    twice = [name for name, all_ in given.items() if len(all_) > 1 and name not in lists]
    faults.update({below(QUERY, name): TWICE for name in twice})
    return loaded


def _body(endpoint: Endpoint, request: Request, raw: bytes, faults: dict[str, str]) -> Any:
    """Return what a body says: JSON by its schema, or a small table; of a file nothing yet."""
    if endpoint.body is None or isinstance(endpoint.body, Upload):
        return {}
    if endpoint.sheet and request.mimetype == sheets.MEDIA_TYPE:
        return endpoint.sheet.read(raw)
    _refuse_nul(sql.has_nul(raw))
    twice: dict[str, str] = {}
    data = parsed(raw, twice)
    loaded = _checked(endpoint.body, data, "", faults)
    faults.update(twice)
    return loaded


def _refuse_nul(found: bool) -> None:
    if found:
        raise errors.Malformed("The character U+0000 cannot be stored.")


def _checked(schema: type[Schema], data: Any, prefix: str, faults: dict[str, str]) -> dict[str, Any]:
    """Load `data`, or add each fault to `faults` by its pointer (chassis/http/pointers.py)."""
    try:
        loaded: dict[str, Any] = reader(schema)(data)
    except ValidationError as fault:
        faults.update(pointers(fault.messages, prefix, loader(schema), data))
        return {}
    return loaded
