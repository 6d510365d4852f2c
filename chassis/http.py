"""HTTP without a framework's word in it: reading requests, answering JSON, explaining refusals (RFC 9457)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import psycopg2
import structlog
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from chassis import clock, errors, outbox, sql
from chassis.events import loader
from chassis.faults import Fault, classify
from chassis.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from werkzeug.wrappers import Request

log = structlog.get_logger()

MAX_BODY_BYTES = 1_000_000
_CORRELATION = re.compile(r"[\w.\-]{1,64}", re.ASCII)
_RETRY_AFTER_SECONDS = "5"
# A stable name, to compare with; docs/api.md says what each means.
PROBLEM_TYPES = "urn:kedja:problem:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read and checked."""

    body: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    now: datetime
    bearer: str | None = None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Html:
    """A page for people instead of JSON."""

    text: str


class PageQuery(Schema):
    """What every list takes: how many, and after which item."""

    class Meta:
        """A misspelt filter must not look like one that matched everything."""

        unknown = RAISE

    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))
    after = fields.UUID(load_default=None)


def page(rows: Sequence[Any], limit: int, key: Callable[[Any], Any] = lambda row: row.id) -> dict[str, Any]:
    """Return a page from at most `limit` + 1 rows; `next` is the `after` of the next page, or None."""
    shown = rows[:limit]
    return {"items": list(shown), "next": key(shown[-1]) if len(rows) > limit else None}


def correlation_of(request: Request) -> str:
    """Return the caller's correlation id if it is one, else a new one."""
    given = request.headers.get("X-Correlation-ID", "")
    return given if _CORRELATION.fullmatch(given) else str(uuid7())


def read(
    request: Request, body: type[Schema] | None, query: type[Schema] | None, correlation_id: str
) -> Call:
    """Read and check a request; raises a ProblemError that names every fault at once."""
    _refuse_nul(any("\0" in text for text in (request.path, *request.args, *request.args.values())))
    faults: dict[str, str] = {}
    data = _checked(body, _json(request), "", faults) if body else {}
    filters = _checked(query, request.args.to_dict(), "?", faults) if query else {}
    if faults:
        raise errors.Invalid(faults)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" and token.strip() else None
    return Call(body=data, query=filters, now=clock.now(), bearer=bearer, correlation_id=correlation_id)


def _json(request: Request) -> Any:
    if request.mimetype != "application/json":
        raise errors.UnsupportedMediaType
    request.max_content_length = MAX_BODY_BYTES
    raw = request.get_data()
    _refuse_nul(sql.has_nul(raw))
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


def answer(result: Any, returns: type[Schema] | None, status: int, location: str | None) -> Response:
    """Make a response of what a use case returned: a page, JSON in the shape of `returns`, or nothing."""
    if isinstance(result, Html):
        return Response(result.text, content_type="text/html; charset=utf-8")
    if returns is None:
        return Response(status=204)
    shown = loader(returns).dump(result)
    headers = {"Location": location.format_map(shown)} if location else {}
    return Response(_dumps(shown), status, headers, content_type="application/json")


def _dumps(value: object) -> bytes:
    return orjson.dumps(value, default=outbox.number)


def problem_of(fault: Exception, correlation_id: str) -> Response:
    """Return an exception's problem document; what the caller cannot have caused is logged, never shown."""
    known = _known(fault)
    if known.status == 500:
        log.error("request_failed", exc_info=fault, correlation_id=correlation_id)
    body = {
        "type": PROBLEM_TYPES + known.name,
        "title": known.title,
        "status": known.status,
        "detail": known.detail,
    }
    if isinstance(known, errors.Invalid):
        body["errors"] = [{"pointer": at, "detail": text} for at, text in sorted(known.faults.items())]
    response = Response(_dumps(body), known.status, content_type="application/problem+json")
    if known.status == 503:
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    if isinstance(fault, HTTPException):
        response.headers.extend((name, value) for name, value in fault.get_headers() if name == "Allow")
    return response


def _known(fault: Exception) -> errors.ProblemError:
    """Return the fault as one that a caller can understand."""
    if isinstance(fault, errors.ProblemError):
        return fault
    if isinstance(fault, psycopg2.Error) and classify(fault) is not Fault.EVENT:
        return errors.Unavailable()
    if isinstance(fault, HTTPException):
        kinds: Mapping[int | None, type[errors.ProblemError]] = _BY_STATUS
        return kinds.get(fault.code, errors.Malformed)()
    return errors.ProblemError()


def _by_status(kinds: Iterable[type[errors.ProblemError]]) -> dict[int | None, type[errors.ProblemError]]:
    return {kind.status: kind for kind in kinds}


_BY_STATUS = _by_status(
    [errors.NotFound, errors.MethodNotAllowed, errors.TooLarge, errors.UnsupportedMediaType]
)
