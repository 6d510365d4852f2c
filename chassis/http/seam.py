"""From a request to its answer: who calls, may they, what do they say, then the use case in a transaction."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chassis import access, uploads
from chassis.dumping import dumper
from chassis.errors import ProblemError, Unauthorized
from chassis.http import answering, caching, deprecation, exporting, reading
from chassis.http.endpoint import owned
from chassis.http.idempotency import Claim
from chassis.tables.media import MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from werkzeug.wrappers import Request, Response

    from chassis.access import Identity
    from chassis.db import Database, Transaction
    from chassis.http.call import Call
    from chassis.http.endpoint import Endpoint
    from chassis.protection import Guard

    Work = Callable[[Transaction, Call, Mapping[str, Any]], Any]
    Identify = Callable[[str | None], Identity]


@dataclass(frozen=True, slots=True)
class Seam:
    """What every endpoint of a service shares."""

    db: Database
    identify: Identify
    guard: Guard

    def respond(
        self,
        endpoint: Endpoint,
        request: Request,
        path_values: Mapping[str, Any],
        correlation_id: str,
        work: Work,
    ) -> Response:
        """Answer a request; raises a ProblemError for whatever the caller has to know."""
        address = self.guard.address(request.environ)
        with self._guesses_counted(request, address, "token"):
            actor = self._actor(endpoint, request)
        known = actor.role != access.PUBLIC
        left = self.guard.admit(actor.client) if known else self.guard.admit_anonymous(address)
        told = {**left, **caching.headers(endpoint), **deprecation.headers(endpoint)}
        client = actor.client if known else address
        with _told(told):
            access.demand(actor, endpoint.scope)
            form = answering.negotiate(endpoint, request, exporting.forms(endpoint))
            claim = Claim(request, actor) if endpoint.creates else None
            call = reading.read(endpoint, request, actor, correlation_id)
            call = uploads.received(endpoint.body, request, call, self.db)
            served = Served(self, client, endpoint, request, path_values, work)
            if form in MEDIA_TYPES:
                response = self._exported(endpoint, form, call, served)
            else:
                with self._guesses_counted(request, address, "session"):
                    response = served.whole(call, claim)
            response.headers.extend(told)
            caching.allow(endpoint, response)
            return response

    def _exported(self, endpoint: Endpoint, form: str, call: Call, served: Served) -> Response:
        """Answer with a table, which has its client's place for one from the first page to the last byte."""
        with ExitStack() as held:
            held.enter_context(self.guard.export(served.client))
            response = exporting.export(endpoint, form, call, served.page)
            response.call_on_close(held.pop_all().close)
            return response

    def _actor(self, endpoint: Endpoint, request: Request) -> Identity:
        """Return who calls; a respondent's bearer is no token, the service itself knows it."""
        if endpoint.scope == access.SESSION:
            if reading.bearer_of(request) is None:
                raise Unauthorized("Open the link in the mail: it gives the session that is needed here.")
            return access.ANONYMOUS
        return self.identify(request.headers.get("Authorization"))

    @contextmanager
    def _guesses_counted(self, request: Request, address: str, kind: str) -> Iterator[None]:
        """Count what claims to be a token, a session or a code and is none."""
        try:
            yield
        except Unauthorized:
            if request.method == "POST" or "Authorization" in request.headers:
                self.guard.failed(address, kind)
            raise


@dataclass(frozen=True, slots=True)
class Served:
    """One request on its way through its transactions, at a place that its client has at a time."""

    seam: Seam
    client: str
    endpoint: Endpoint
    request: Request
    path_values: Mapping[str, Any]
    work: Work

    def whole(self, call: Call, claim: Claim | None) -> Response:
        """Answer in one transaction, together with the key that a creating request holds."""
        with self._admitted(call) as tx:
            if claim and (stored := claim.answered(tx, call.raw)):
                return stored
            result = self.work(tx, call, self.path_values)
            response = answering.answer(result, self.endpoint, self.request, call)
            if claim:
                claim.keep(tx, call.raw, response)
            return response

    def page(self, call: Call) -> Any:
        """Return one page of a list, as it is shown: to make it so is work that has a place, too."""
        with self.seam.guard.resting(), self._admitted(call) as tx:
            return dumper(self.endpoint.returns)(self.work(tx, call, self.path_values))

    @contextmanager
    def _admitted(self, call: Call) -> Iterator[Transaction]:
        # after reading: whoever sends slowly keeps nobody of its own network from being served
        reads = self.endpoint.method == "GET"
        with (
            self.seam.guard.place(self.client),
            self.seam.db.transaction(call.correlation_id, call.actor, reads=reads) as tx,
        ):
            access.admit(call.actor, owned(tx, self.endpoint, self.path_values))
            yield tx


@contextmanager
def _told(headers: Mapping[str, str]) -> Iterator[None]:
    """Let refusals carry these headers too."""
    try:
        yield
    except ProblemError as refusal:
        refusal.headers = {**headers, **refusal.headers}
        raise
