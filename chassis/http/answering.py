"""Answering: JSON in the declared shape with its ETag, pages with their links, and problems (RFC 9457)."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
import psycopg2
import structlog
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from chassis import errors, outbox, shields
from chassis.dumping import dumper
from chassis.faults import Fault, classify
from chassis.http import conditions
from chassis.http.call import HTML, Html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request

    from chassis.access import Identity
    from chassis.http.call import Call
    from chassis.http.endpoint import Endpoint

log = structlog.get_logger()

# A stable name, to compare with; docs/api.md says what each means.
PROBLEM_TYPES = "urn:kedja:problem:"
MOST_FAULTS = 100
_JSON, _HTML, _PROBLEM = "application/json", HTML, "application/problem+json"


def negotiate(endpoint: Endpoint, request: Request, others: tuple[str, ...] = ()) -> str:
    """Return the media type to answer in: the endpoint's own, or one of `others` that the caller prefers.

    Where a caller likes several as much, it is the own one. Who names problem documents alone takes JSON.
    """
    own = _HTML if endpoint.returns is None and endpoint.html else _JSON
    others = (*others, _HTML) if endpoint.both else others
    if "HTTP_ACCEPT" not in request.environ or (endpoint.returns is None and not endpoint.html):
        return own
    # parameters such as charset say nothing that could be chosen here
    accepted = MIMEAccept((name.partition(";")[0].strip(), q) for name, q in request.accept_mimetypes)
    if not accepted:
        return own
    liked = {form: accepted.quality(form) for form in (own, *others)}
    if own == _JSON:
        liked[own] = max(liked[own], _quality_of_problems(accepted))
    chosen = max(liked, key=lambda form: liked[form])  # of several the first
    if not liked[chosen]:
        raise errors.NotAcceptable(f"This can be had as {', '.join((own, *others))}.")
    return chosen


def _quality_of_problems(accepted: MIMEAccept) -> float:
    return next((float(quality) for name, quality in accepted if name.lower() == _PROBLEM), 0.0)


def answer(result: Any, endpoint: Endpoint, request: Request, call: Call) -> Response:
    """Make a response of what a use case returned: a page, JSON in the shape of `returns`, or nothing."""
    if isinstance(result, Html):
        response = _page(result)
    elif endpoint.returns is None:
        return Response(status=204)
    else:
        response = _document(dumper(endpoint.returns)(result), endpoint, request, call)
    if endpoint.method == "GET" and conditions.is_known(request.headers, response.headers.get("ETag", "")):
        return Response(status=304, headers={"ETag": response.headers["ETag"]})
    return response


def _page(page: Html) -> Response:
    body = page.text.encode()
    headers = {"Content-Security-Policy": shields.policy(page.text), "ETag": conditions.weak(body)}
    return Response(body, headers=headers, content_type="text/html; charset=utf-8")


def _document(shown: dict[str, Any], endpoint: Endpoint, request: Request, call: Call) -> Response:
    body = dumps(shown)
    made = endpoint.conditional and call.expects.absent
    status = 201 if made else endpoint.status
    response = Response(body, status, content_type=_JSON)
    if endpoint.location:
        response.headers["Location"] = endpoint.location.format_map(shown)
    if shown.get("next") and endpoint.pages:
        response.headers["Link"] = _next_link(request, shown["next"])
    _tag(response, shown, body, endpoint, call.actor)
    return response


def _tag(
    response: Response, shown: Mapping[str, Any], body: bytes, endpoint: Endpoint, actor: Identity
) -> None:
    """Name what is shown: by the version of the item, or, for what is only read, by its content."""
    if endpoint.versioned:
        response.headers["ETag"] = conditions.strong(shown["version"], actor.view)
    elif endpoint.method == "GET":
        response.headers["ETag"] = conditions.weak(body)


def _next_link(request: Request, after: str) -> str:
    query = urlencode({**request.args.to_dict(), "after": after})
    return f'<{request.path}?{query}>; rel="next"'


def dumps(value: object) -> bytes:
    """Return JSON."""
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
        body["errors"] = [{"pointer": at, "detail": text} for at, text in _listed(known.faults)]
    return Response(dumps(body), known.status, known.headers, content_type=_PROBLEM)


def _listed(faults: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return faults in the order of their pointers: as many as can be read, and how many more there are."""
    listed = heapq.nsmallest(MOST_FAULTS, faults.items())
    more = len(faults) - len(listed)
    return [*listed, ("", f"{more} more are not listed.")] if more else listed


def _known(fault: Exception) -> errors.ProblemError:
    """Return the fault as one that a caller can understand."""
    if isinstance(fault, errors.ProblemError):
        return fault
    if isinstance(fault, psycopg2.Error) and classify(fault) is not Fault.EVENT:
        return errors.Unavailable()
    if isinstance(fault, HTTPException):
        return _BY_STATUS.get(fault.code, errors.Malformed)()
    return errors.ProblemError()


_BY_STATUS: Mapping[int | None, type[errors.ProblemError]] = {
    kind.status: kind
    for kind in (errors.NotFound, errors.MethodNotAllowed, errors.TooLarge, errors.UnsupportedMediaType)
}
