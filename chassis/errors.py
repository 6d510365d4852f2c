"""What can go wrong for a caller, and the one table from exception to HTTP status (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class OperatorError(Exception):
    """What an operator at a terminal is told in one sentence."""


class ProblemError(Exception):
    """A refusal that the caller can understand; `detail` is written for the caller."""

    status, title, name = 500, "The service failed", "internal"
    detail = "The fault has been logged under this answer's X-Correlation-ID."
    headers: Mapping[str, str] = MappingProxyType({})  # that the answer carries beside

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        """Keep the sentence that the caller will read, if there is a better one than the kind's own."""
        super().__init__(detail)
        self.detail = detail or self.detail
        self.headers = {**self.headers, **(headers or {})}


class Malformed(ProblemError):
    """The request cannot be read at all."""

    status, title, name = 400, "The request cannot be read", "malformed"
    detail = "Send what the API describes."


class Unauthorized(ProblemError):
    """Who calls is not known."""

    status, title, name = 401, "Authentication is needed", "unauthorized"
    detail = "Say who you are."

    def __init__(self, detail: str = "", error: str = "") -> None:
        """Keep the sentence, and RFC 6750's code for the challenge: none where no token was sent.

        With a code the sentence goes into a header: ASCII, without quotes and backslashes.
        """
        super().__init__(detail)
        told = f', error="{error}", error_description="{self.detail}"' if error else ""
        self.headers = {"WWW-Authenticate": f'Bearer realm="kedja"{told}'}


class Forbidden(ProblemError):
    """Who calls is known, and may not do this."""

    status, title, name = 403, "You may not do this", "forbidden"
    detail = "Your role does not allow it."


class NotFound(ProblemError):
    """Nothing here has that name."""

    status, title, name = 404, "Not found", "not-found"
    detail = "There is nothing at this address."


class MethodNotAllowed(ProblemError):
    """The resource exists and does not take this method."""

    status, title, name = 405, "The method is not allowed here", "method-not-allowed"
    detail = "The Allow header names those that are."


class NotAcceptable(ProblemError):
    """The caller takes no form in which this can be answered."""

    status, title, name = 406, "No acceptable form", "not-acceptable"
    detail = "The API's description names the media types of each answer."


class Conflict(ProblemError):
    """The present state does not allow it."""

    status, title, name = 409, "The present state does not allow this", "conflict"
    detail = "Read the present state first."


class PreconditionFailed(ProblemError):
    """The thing is not, or not any more, as the caller takes for granted."""

    status, title, name = 412, "Somebody else was faster", "precondition-failed"
    detail = "Read it again: If-Match (or If-None-Match) does not fit its present version."


class RequestTimeout(ProblemError):
    """The request did not come in time."""

    status, title, name = 408, "The request took too long to come", "request-timeout"
    detail = "Send it again, faster."


class TooLarge(ProblemError):
    """The body is larger than the service reads."""

    status, title, name = 413, "The body is too large", "too-large"
    detail = "Send less at a time."


class UriTooLong(ProblemError):
    """The address is longer than any of ours."""

    status, title, name = 414, "The address is too long", "uri-too-long"
    detail = "Send what is long in the body."


class UnsupportedMediaType(ProblemError):
    """The body is not JSON."""

    status, title, name = 415, "The media type is not supported", "unsupported-media-type"
    detail = "Send application/json."


class Invalid(ProblemError):
    """The body or the query breaks its rules; every fault by JSON pointer."""

    status, title, name = 422, "The input breaks its rules", "invalid"
    detail = "Every fault is listed under errors."

    def __init__(self, faults: Mapping[str, str], detail: str = "") -> None:
        """Keep the faults: JSON pointer -> what is wrong there."""
        super().__init__(detail)
        self.faults = dict(faults)


class PreconditionRequired(ProblemError):
    """The caller does not say which version it changes."""

    status, title, name = 428, "Say which version you change", "precondition-required"
    detail = "Send If-Match with the ETag that you have read, or If-None-Match: * to create."


class TooManyRequests(ProblemError):
    """The caller asks too much in too short a time."""

    status, title, name = 429, "Too many requests", "too-many-requests"
    detail = "Wait as long as Retry-After says."


class HeadersTooLarge(ProblemError):
    """The headers are longer, or more, than any request here needs."""

    status, title, name = 431, "The headers are too large", "headers-too-large"
    detail = "Send fewer or shorter headers."


class Unavailable(ProblemError):
    """Something that the service stands on is away for the moment."""

    status, title, name = 503, "The service is away for the moment", "unavailable"
    detail = "Try again in a few seconds."
    headers: Mapping[str, str] = MappingProxyType({"Retry-After": "5"})


def found(thing: T | None, name: str) -> T:
    """Return the thing; raises NotFound if there is none, saying what a caller calls it."""
    if thing is None:
        raise NotFound(f"There is no such {name}.")
    return thing


@contextmanager
def conflicts(refusal: type[Exception]) -> Iterator[None]:
    """Turn a domain's refusal into a Conflict in its own words."""
    try:
        yield
    except refusal as fault:
        raise Conflict(f"{fault}.") from None
