"""Header fields as the API's documentation describes them: what is sent, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chassis import errors
from chassis.http.idempotency import KEPT_DAYS, REPLAYED

if TYPE_CHECKING:
    from chassis.http.endpoint import Endpoint

    Described = dict[str, Any]

TEXT = {"type": "string"}
_LEFT = "How many requests are left, and for how many seconds."
_ALLOWED = "How many requests in how many seconds."
_COUNTED = " Absent where the request was refused before it was counted."
_ETAG = r'(W/)?"[^"]*"'


def _header(about: str, required: bool = False, **schema: Any) -> Described:
    return {"description": about, "required": required, "schema": {**TEXT, **schema}}


HEADERS: Described = {
    "X-Correlation-ID": _header(
        "The request's, or a new one: quote it when you report something.", True, pattern=r"^[\w.\-]{1,64}$"
    ),
    "RateLimit": _header(_LEFT, True, example='"client";r=99;t=60'),
    "RateLimit-Policy": _header(_ALLOWED, True, example='"client";q=6000;w=60'),
    "RateLimitIfCounted": _header(_LEFT + _COUNTED, example='"client";r=99;t=60'),
    "RateLimit-PolicyIfCounted": _header(_ALLOWED + _COUNTED, example='"client";q=6000;w=60'),
    "ETag": _header("Names this version; send it in If-Match or If-None-Match.", True, pattern=f"^{_ETAG}$"),
    "ETagOfPages": _header("Of a page in JSON; tables carry none.", pattern=f"^{_ETAG}$"),
    "Location": _header("Where the new thing is.", True, format="uri-reference"),
    "Link": _header('The next page, rel="next"; absent on the last one.', example='</…?after=…>; rel="next"'),
    REPLAYED: _header(
        "Says that this is the stored answer to the first request with this key.", const="true"
    ),
    "Retry-After": _header("Seconds to wait.", True, pattern="^[0-9]+$"),
    "Retry-AfterIfRunning": _header(
        "Seconds to wait, if the first request with this Idempotency-Key is still being answered.",
        pattern="^[0-9]+$",
    ),
    "WWW-Authenticate": _header("The challenge of RFC 6750.", True, example='Bearer realm="kedja"'),
    "Content-Disposition": _header("What to call the file."),
    "Deprecation": _header("Since when this is deprecated, RFC 9745.", True, pattern="^@[0-9]+$"),
    "Sunset": _header("When it goes at the earliest, RFC 8594.", True),
}


class Variant(NamedTuple):
    """A header field that some answers have in another way than most: its name, and its description's."""

    name: str
    component: str


ETAG_OF_PAGES = Variant("ETag", "ETagOfPages")
RATE_IF_COUNTED = Variant("RateLimit", "RateLimitIfCounted")
POLICY_IF_COUNTED = Variant("RateLimit-Policy", "RateLimit-PolicyIfCounted")
RETRY_IF_RUNNING = Variant("Retry-After", "Retry-AfterIfRunning")
Named = str | Variant

ALWAYS = ("X-Correlation-ID", "RateLimit", "RateLimit-Policy")
_MAYBE_COUNTED = ("X-Correlation-ID", RATE_IF_COUNTED, POLICY_IF_COUNTED)
# What may come before a request has been counted, and what always does
_BEFORE_COUNTED: dict[type[errors.ProblemError], tuple[Named, ...]] = {
    **dict.fromkeys(
        (
            errors.Malformed,
            errors.Unauthorized,
            errors.NotFound,
            errors.RequestTimeout,
            errors.TooManyRequests,
        ),
        _MAYBE_COUNTED,
    ),
    **dict.fromkeys((errors.ProblemError, errors.Unavailable), _MAYBE_COUNTED),
    **dict.fromkeys((errors.UriTooLong, errors.HeadersTooLarge), ("X-Correlation-ID",)),
}
OF_REFUSALS: dict[type[errors.ProblemError], tuple[Named, ...]] = {
    errors.Conflict: (RETRY_IF_RUNNING,),
    errors.Unauthorized: ("WWW-Authenticate",),
    errors.TooManyRequests: ("Retry-After",),
    errors.Unavailable: ("Retry-After",),
}

PARAMETERS: Described = {
    "CorrelationId": {
        "name": "X-Correlation-ID",
        "in": "header",
        "description": "1 to 64 of A-Z a-z 0-9 . _ -; goes on into events and mails. Others are replaced.",
        "schema": TEXT,
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "A new one for each thing to make, the same when you try again. "
        f"Kept for {KEPT_DAYS} days: the same request gets the same answer.",
        "schema": {**TEXT, "pattern": r"^[\x21-\x7e]{1,255}$"},
        "example": "4f6f4bb5-2f0e-4d3c-9d6b-0d1f5a1c7e11",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag of the version that you change, or * for whichever is there. "
        "Either this or If-None-Match.",
        "schema": {**TEXT, "pattern": rf"^(\*|{_ETAG}(, {_ETAG})*)$"},
        "example": '"3-internal"',
    },
    "IfMatchAlone": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag of the version that you change, or * for whichever is there; else 428.",
        "schema": {**TEXT, "pattern": rf"^(\*|{_ETAG}(, {_ETAG})*)$"},
        "example": '"3-internal"',
    },
    "IfAbsent": {
        "name": "If-None-Match",
        "in": "header",
        "description": "*: only if nothing is there yet.",
        "schema": {**TEXT, "const": "*"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of what you have; 304 if it is still so.",
        "schema": TEXT,
    },
}


def header_parameters(endpoint: Endpoint) -> list[Described]:
    """Return references to the header fields that an endpoint reads."""
    names = ["IdempotencyKey"] if endpoint.keyed else []
    if endpoint.conditional:
        names += ["IfMatch", "IfAbsent"] if endpoint.creates else ["IfMatchAlone"]
    if endpoint.method == "GET":
        names.append("IfNoneMatch")
    return [{"$ref": f"#/components/parameters/{name}"} for name in [*names, "CorrelationId"]]


def of_refusal(kind: type[errors.ProblemError]) -> Described:
    """Return references to the header fields that a refusal has."""
    return headers(*_BEFORE_COUNTED.get(kind, ALWAYS), *OF_REFUSALS.get(kind, ()))


def headers(*names: Named) -> Described:
    """Return references to header fields, by the names that they have in an answer."""
    variants = [each if isinstance(each, Variant) else Variant(each, each) for each in names]
    return {each.name: {"$ref": f"#/components/headers/{each.component}"} for each in variants}
