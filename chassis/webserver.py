"""nameko's web server as we need it: every request answered, counted and logged, within limits."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import eventlet
import structlog
from nameko.constants import WEB_SERVER_CONFIG_KEY
from nameko.web.server import WebServer, WsgiApp
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import ClosingIterator

from chassis import config, door, errors, metrics, ops, wire
from chassis.http.answering import problem_of
from chassis.http.canonical import Whole
from chassis.http.reading import correlation_of

log = structlog.get_logger()

_NO_METHOD = "-"  # names of methods are case-sensitive, werkzeug makes all of them large


class App(WsgiApp):
    """Answers every request, also those that no route takes: each is counted, logged, and carries its id."""

    def __init__(self, server: Any) -> None:
        """Know the routes."""
        super().__init__(server)
        self._urls = self.url_map.bind("")  # whatever a client calls us

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.input_terminated"] = True  # eventlet ends a body by itself, a chunked one too
        self.server.running += 1
        response = self._answer(Request(environ))
        return ClosingIterator(response(environ, start_response), self.server.answered)

    def _answer(self, request: Request) -> Response:
        started, correlation_id = time.monotonic(), correlation_of(request)
        seen = {"route": "none", "method": "any"}
        try:
            provider, path_values = self._match(request)
            seen = {"route": provider.endpoint.route, "method": provider.method}
            response: Response = provider.respond(request, path_values, correlation_id)
        except Exception as fault:  # noqa: BLE001  every fault becomes an answer
            response = problem_of(fault, correlation_id)
        response.headers["X-Correlation-ID"] = correlation_id
        seconds = time.monotonic() - started
        metrics.answered(**seen, status=response.status_code).observe(seconds)
        told = {**seen, "status": response.status_code, "seconds": round(seconds, 4)}
        log.info("request_answered", **told, correlation_id=correlation_id)
        return response

    def _match(self, request: Request) -> Any:
        """Return (entrypoint, path values); what no entrypoint takes is counted before it is refused."""
        method = request.environ["REQUEST_METHOD"]
        try:
            if request.environ["PATH_INFO"].startswith("//"):  # werkzeug would not see the second one
                raise NotFound
            return self._urls.match(request.path, method if method.isupper() else _NO_METHOD)
        except HTTPException as fault:
            seam = next(self.url_map.iter_rules()).endpoint.backbone.seam
            refusal = self._refusal(request.path, fault)
            refusal.headers = {**seam.count(request), **refusal.headers}
            raise refusal from None

    def _refusal(self, path: str, fault: HTTPException) -> errors.ProblemError:
        """Return why nothing was matched; werkzeug says 405 also where nothing is at an address."""
        methods = sorted((isinstance(fault, MethodNotAllowed) and fault.valid_methods) or ())
        if any(self._urls.test(path, method) for method in methods):
            return errors.MethodNotAllowed(headers={"Allow": ", ".join(methods)})
        return errors.NotFound()


class Server(WebServer):
    _starting = False
    running = 0  # requests that are not answered to the last byte

    def answered(self) -> None:
        self.running -= 1

    def start(self) -> None:
        if not self._starting:
            self._starting = True
            self._sock = ops.listen(self.container.config[WEB_SERVER_CONFIG_KEY])
            self._serv = wire.server(self._sock, self.get_wsgi_app())
            self._serv.capitalize_response_headers = False  # their names are as we write them
            self._door = door.of(config.load(config.Settings, self.container.config["environment"]))
            self.container.spawn_managed_thread(self._door.watch, identifier="door")
            self._gt = self.container.spawn_managed_thread(self.run)

    def run(self) -> None:
        while True:
            connection = self._door.accept(self._sock)
            if connection:
                self.container.spawn_managed_thread(partial(self._serve, connection))

    def _serve(self, connection: door.Connection) -> None:
        try:
            self._serv.process_request(wire.state_of(connection))
        finally:
            self._door.leave(connection)

    def make_url_map(self) -> Map:
        """Return the routes; an address with a slash too many is none of them, not one to be sent on from."""
        routes = Map(merge_slashes=False, converters={"int": Whole})
        for provider in self._providers:
            rule = provider.get_url_rule()
            rule.endpoint = provider
            routes.add(rule)
        return routes

    def get_wsgi_app(self) -> WsgiApp:
        return App(self)

    def refuse(self) -> None:
        """Take no new connections; requests that run are answered."""
        self._gt.kill()
        self._sock.close()
        self._serv.keepalive = False

    def stop(self) -> None:
        while self.running:
            eventlet.sleep(0.01)
        super().stop()
