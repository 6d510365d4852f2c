"""From a request to its answer: who calls, may they, what do they say, then the use case in a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis import access
from chassis.http import answering, reading
from chassis.http.endpoint import owned
from chassis.http.idempotency import Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request, Response

    from chassis.access import Identity
    from chassis.db import Database, Transaction
    from chassis.http.call import Call
    from chassis.http.endpoint import Endpoint

    Work = Callable[[Transaction, Call, Mapping[str, Any]], Any]
    Identify = Callable[[str | None], Identity]


@dataclass(frozen=True, slots=True)
class Seam:
    """What every endpoint of a service shares."""

    db: Database
    identify: Identify

    def respond(
        self,
        endpoint: Endpoint,
        request: Request,
        path_values: Mapping[str, Any],
        correlation_id: str,
        work: Work,
    ) -> Response:
        """Answer a request; raises a ProblemError for whatever the caller has to know."""
        actor = self._actor(endpoint, request)
        access.demand(actor, endpoint.scope)
        answering.negotiate(endpoint, request)
        claim = Claim(request, actor) if endpoint.creates else None
        call = reading.read(endpoint, request, actor, correlation_id)
        with self.db.transaction(correlation_id, actor) as tx:
            access.admit(actor, owned(tx, endpoint, path_values))
            if claim and (stored := claim.answered(tx)):
                return stored
            response = answering.answer(work(tx, call, path_values), endpoint, request, actor)
            if claim:
                claim.keep(tx, response)
            return response

    def _actor(self, endpoint: Endpoint, request: Request) -> Identity:
        """Return who calls; a respondent's bearer is no token, the service itself knows it."""
        if endpoint.scope == access.SESSION:
            return access.ANONYMOUS
        return self.identify(request.headers.get("Authorization"))
