"""From a request to its answer: who calls, may they, what do they say, then the use case in a transaction."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from chassis import access, uploads
from chassis.dumping import dumper
from chassis.errors import NotFound, ProblemError, Unauthorized
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

T = TypeVar("T")


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
        client, left = self._counted(actor, address)
        told = {**left, **caching.headers(endpoint), **deprecation.headers(endpoint)}
        with _told(told):
            access.demand(actor, endpoint.scope)
            form = answering.negotiate(endpoint, request, exporting.forms(endpoint))
            claim = Claim(request, actor) if endpoint.keyed else None
            raw = reading.receive(endpoint, request)
            asked = reading.Asked(request, path_values, raw, form)
            read = partial(reading.read, endpoint, asked, actor, correlation_id)
            served = Served(self, client, endpoint, request, path_values, work)
            if form in MEDIA_TYPES:
                response = self._exported(endpoint, form, read(), served)
            else:
                with self._guesses_counted(request, address, "session"):
                    response = served.whole(uploads.received(endpoint.body, request, read, self.db), claim)
            response.headers.extend(told)
            caching.allow(endpoint, response)
            return response

    def count(self, request: Request) -> dict[str, str]:
        """Count a request that no endpoint takes, like any other; return the headers that say so.

        Raises Unauthorized for a token that is none, and TooManyRequests.
        """
        address = self.guard.address(request.environ)
        with self._guesses_counted(request, address, "token"):
            actor = self.identify(request.headers.get("Authorization"))
        return self._counted(actor, address)[1]

    def _counted(self, actor: Identity, address: str) -> tuple[str, dict[str, str]]:
        """Return whom the request counts for, and the headers that say what is left."""
        if actor.role == access.PUBLIC:
            return address, self.guard.admit_anonymous(address)
        return actor.client, self.guard.admit(actor.client)

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

    def whole(self, read: Callable[[], Call], claim: Claim | None) -> Response:
        """Answer in one transaction, together with the key that a creating request holds."""
        # after receiving: whoever sends slowly keeps nobody of its own network from being served
        with self.seam.guard.place(self.client):
            call = read()
            return self._or_by_alias(call, lambda served: served._whole(call, claim))

    def _or_by_alias(self, call: Call, serve: Callable[[Served], T]) -> T:
        """Serve; where nothing has the address's values, once more with what these mean, if that is other."""
        try:
            return serve(self)
        except NotFound:
            values = self._meant(call)
            if values == self.path_values:
                raise
            return serve(replace(self, path_values=values))

    def _meant(self, call: Call) -> Mapping[str, Any]:
        aliases = self.endpoint.aliases
        if not aliases.keys() & self.path_values.keys():
            return self.path_values
        with self.seam.db.transaction(call.correlation_id, call.actor, reads=True) as tx:
            return {
                name: aliases[name](tx, value) if name in aliases else value
                for name, value in self.path_values.items()
            }

    def _whole(self, call: Call, claim: Claim | None) -> Response:
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
        guard = self.seam.guard
        with guard.resting(), guard.place(self.client):
            return self._or_by_alias(call, lambda served: served._page(call))

    def _page(self, call: Call) -> Any:
        with self._admitted(call) as tx:
            return dumper(self.endpoint.returns)(self.work(tx, call, self.path_values))

    @contextmanager
    def _admitted(self, call: Call) -> Iterator[Any]:
        """Give the transaction, or None where none is needed."""
        if not self.endpoint.transaction:
            yield None
            return
        reads = self.endpoint.method == "GET"
        with self.seam.db.transaction(call.correlation_id, call.actor, reads=reads) as tx:
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
