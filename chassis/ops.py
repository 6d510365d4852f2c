"""The port for operations: alive, ready, metrics and backlog, whatever the workers do."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import eventlet
import orjson
import psycopg2
from eventlet import wsgi
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.wrappers import Request, Response

from chassis import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.backbone import Backbone


class OpsApp:
    """A WSGI application over a service's backbone."""

    def __init__(self, backbone: Backbone) -> None:
        """Answer for the service that this backbone belongs to."""
        self._backbone = backbone
        self._routes: dict[str, Callable[[], Response]] = {
            "/healthz": lambda: Response("ok\n", content_type="text/plain"),
            "/readyz": self._ready,
            "/readyz/http": self._ready_for_http,
            "/metrics": lambda: Response(generate_latest(), content_type=CONTENT_TYPE_LATEST),
            "/backlog": self._backlog,
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        route = self._routes.get(Request(environ).path)
        response = route() if route else Response("not found\n", 404, content_type="text/plain")
        return response(environ, start_response)

    def _ready(self) -> Response:
        parts = self._backbone.ready()
        return _json(parts, 200 if all(parts.values()) else 503)

    def _ready_for_http(self) -> Response:
        """Tell what a balancer wants to know: requests need the database only, the broker may be away."""
        part = {"database": self._backbone.ready()["database"]}
        return _json(part, 200 if part["database"] else 503)

    def _backlog(self) -> Response:
        """Return the present counts, not cached as the gauges are."""
        try:
            with self._backbone.ops.transaction() as tx:
                return _json(metrics.backlog(tx), 200)
        except psycopg2.Error:
            return _json({"database": False}, 503)


def _json(value: object, status: int) -> Response:
    return Response(orjson.dumps(value), status, content_type="application/json")


def listen(address: str) -> Any:
    """Return a green socket that listens on `host:port`; raises OSError if the port is taken.

    eventlet's default, SO_REUSEPORT, would let two services share a port, each with half of the requests.
    """
    host, _, port = address.rpartition(":")
    return eventlet.listen((host, int(port)), backlog=512, reuse_port=False)


def serve(backbone: Backbone, address: str) -> Any:
    """Serve the ops port in green threads of its own; returns the green thread."""
    quiet = logging.getLogger("chassis.ops")
    quiet.setLevel(logging.WARNING)
    app = OpsApp(backbone)
    return eventlet.spawn(wsgi.server, listen(address), app, log=quiet, debug=False)
