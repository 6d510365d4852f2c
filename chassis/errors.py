"""What can go wrong for a caller, and the one table from exception to HTTP status (RFC 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class ProblemError(Exception):
    """A refusal that the caller can understand; `detail` is written for the caller."""

    status = 500
    title = "The service failed"

    def __init__(self, detail: str = "") -> None:
        """Keep the sentence that the caller will read."""
        super().__init__(detail)
        self.detail = detail


class Malformed(ProblemError):
    """The request cannot be read at all."""

    status, title = 400, "The request cannot be read"


class Unauthorized(ProblemError):
    """Who calls is not known."""

    status, title = 401, "Authentication is needed"


class Forbidden(ProblemError):
    """Who calls is known and may not."""

    status, title = 403, "This is not allowed"


class NotFound(ProblemError):
    """Nothing here has that name."""

    status, title = 404, "Not found"


class MethodNotAllowed(ProblemError):
    """The resource exists and does not take this method."""

    status, title = 405, "The method is not allowed here"


class Conflict(ProblemError):
    """The present state does not allow it."""

    status, title = 409, "The present state does not allow this"


class TooLarge(ProblemError):
    """The body is larger than the service reads."""

    status, title = 413, "The body is too large"


class UnsupportedMediaType(ProblemError):
    """The body is not JSON."""

    status, title = 415, "The media type is not supported"


class Invalid(ProblemError):
    """The body or the query breaks its rules; every fault by JSON pointer."""

    status, title = 422, "The input breaks its rules"

    def __init__(self, faults: Mapping[str, str], detail: str = "") -> None:
        """Keep the faults: JSON pointer -> what is wrong there."""
        super().__init__(detail or "See errors.")
        self.faults = dict(faults)


class Unavailable(ProblemError):
    """Something that the service stands on is away for the moment."""

    status, title = 503, "The service is away for the moment"
