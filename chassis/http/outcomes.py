"""Which refusals an endpoint can answer with: read off its declaration, in one table.

What a use case itself refuses beside that (a Conflict with the present state, as a rule) is declared:
`raises=(Conflict,)`. 405 belongs to an address, not to one of its methods, so no operation documents it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis import errors
from chassis.access import PUBLIC, SESSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.http.endpoint import Endpoint

    Applies = Callable[[Endpoint], bool]


def _always(_: Endpoint) -> bool:
    """Tell that anybody can meet this anywhere: by the token, the header fields, the rate, or our fault."""
    return True


def _is_limited(endpoint: Endpoint) -> bool:
    return endpoint.scope not in {PUBLIC, SESSION}


def _is_somewhere(endpoint: Endpoint) -> bool:
    return bool(endpoint.parameters)


def _reads(endpoint: Endpoint) -> bool:
    return endpoint.body is not None


def _has_rules(endpoint: Endpoint) -> bool:
    """Tell whether there is something to break: a body, a query, a part of the address, or a used key."""
    return any((_reads(endpoint), endpoint.query, endpoint.path, endpoint.keyed))


def _creates(endpoint: Endpoint) -> bool:
    """Tell whether the first request with the same Idempotency-Key may still run."""
    return endpoint.keyed


def _is_conditional(endpoint: Endpoint) -> bool:
    return endpoint.conditional


RULES: tuple[tuple[type[errors.ProblemError], Applies], ...] = (
    (errors.Malformed, _always),
    (errors.Unauthorized, _always),  # a token that is none is refused where none is needed, too
    (errors.Forbidden, _is_limited),
    (errors.NotFound, _is_somewhere),
    (errors.NotAcceptable, _always),
    (errors.RequestTimeout, _always),
    (errors.Conflict, _creates),
    (errors.PreconditionFailed, _is_conditional),
    (errors.TooLarge, _reads),
    (errors.UriTooLong, _always),
    (errors.UnsupportedMediaType, _reads),
    (errors.Invalid, _has_rules),
    (errors.PreconditionRequired, _is_conditional),
    (errors.TooManyRequests, _always),
    (errors.HeadersTooLarge, _always),
    (errors.ProblemError, _always),
    (errors.Unavailable, _always),
)


def refusals(endpoint: Endpoint) -> list[type[errors.ProblemError]]:
    """Return every refusal that an endpoint can answer with, by status."""
    found = {kind for kind, applies in RULES if applies(endpoint)} | set(endpoint.raises)
    return sorted(found, key=lambda kind: kind.status)


def called(kind: type[errors.ProblemError]) -> str:
    """Return what documents call a refusal: `not-found` is NotFound."""
    return kind.name.title().replace("-", "")
