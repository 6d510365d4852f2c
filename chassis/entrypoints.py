"""nameko's side of the chassis: the decorators with which a service declares what it answers, hears and does.

Nothing here decides anything; nameko and eventlet stay here and in webserver, backbone, runner and ops.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from nameko.extensions import DependencyProvider, Entrypoint
from nameko.web.handlers import HttpRequestHandler
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from chassis import config
from chassis.backbone import Backbone, wait_for
from chassis.consume import Consumer
from chassis.http import Html, docs, openapi
from chassis.http import route as routes
from chassis.http.endpoint import Endpoint, prefix_of
from chassis.ids import uuid7
from chassis.webserver import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from marshmallow import Schema

    from chassis.db import Transaction
    from chassis.events import EventSlice
    from chassis.http import Call

log = structlog.get_logger()

Method = TypeVar("Method", bound="Callable[..., Any]")


class Settings(DependencyProvider):
    """Gives a service what its settings schema loads from the environment."""

    def __init__(self, schema: type[Schema]) -> None:
        """Name the schema."""
        super().__init__()
        self.schema = schema

    def setup(self) -> None:
        """Load once; the runner has checked before that it loads."""
        self._loaded = config.load(self.schema, self.container.config["environment"])

    def get_dependency(self, worker_ctx: Any) -> dict[str, Any]:
        """Return the settings."""
        return self._loaded


class _Http(HttpRequestHandler):
    """An HTTP entrypoint: what is declared becomes an Endpoint, and the seam does the rest."""

    server = Server()
    backbone = Backbone()

    def __init__(self, method: str, route: str, *, scope: str, **declared: Any) -> None:
        super().__init__(method, route)
        self._declared = {"method": method, "scope": scope, **declared}

    def endpoint_of(self, service_cls: Any) -> Endpoint:
        """Return what is declared, with its whole address, and the method's docstring as its summary."""
        method, address = getattr(service_cls, self.method_name), self._address(service_cls.name)
        location = self._declared.get("location")
        whole = {"location": prefix_of(service_cls.name) + location} if location else {}
        return Endpoint(
            route=routes.template(address),
            parameters=routes.parameters(address),
            name=self.method_name,
            aliases=getattr(service_cls, "aliases", {}),
            summary=(inspect.getdoc(method) or "").strip(),
            **self._declared | whole,
        )

    def _address(self, service: str) -> str:
        return f"{prefix_of(service)}{self.url}"

    def setup(self) -> None:
        self.endpoint = self.endpoint_of(self.container.service_cls)
        super().setup()

    def get_url_rule(self) -> Rule:
        return Rule(self._address(self.container.service_name), methods=[self.method])

    def stop(self) -> None:
        self.server.refuse()
        super().stop()

    def respond(self, request: Request, path_values: dict[str, Any], correlation_id: str) -> Response:
        return self.backbone.seam.respond(self.endpoint, request, path_values, correlation_id, self._work)

    def _work(self, tx: Transaction, call: Call, path_values: Mapping[str, Any]) -> Any:
        """Call the method in the request's own green thread.

        nameko's worker would be a second one, with a log of its life. It would limit nothing either: who has
        come here holds one of the connections, of which there are as many as workers.
        """
        return self.backbone.method(self)(tx, call, **path_values)


class _OnEvents(Entrypoint):
    """Consumes one queue in batches, outside nameko's worker pool."""

    backbone = Backbone()

    def __init__(self, producer: str, *slices: type[EventSlice], queue: str) -> None:
        super().__init__()
        self.producer, self.slices, self.queue = producer, slices, queue

    def start(self) -> None:
        slices = {schema.type: schema for schema in self.slices}
        handler = self.backbone.method(self)
        self.consumer = Consumer(self.queue, slices, handler, self.backbone.db, self.backbone.amqp_url)
        self.backbone.consumers.append(self.consumer)
        self._thread = self.container.spawn_managed_thread(self.consumer.run, identifier=self.queue)

    def stop(self) -> None:
        self.consumer.stop()
        wait_for([self._thread])


class Loop:
    """What a loop's method is given: called, it opens a transaction of the loop's own."""

    def __init__(self, backbone: Backbone) -> None:
        """Belong to a service."""
        self._backbone = backbone

    @contextmanager
    def __call__(self) -> Iterator[Transaction]:
        """Give a transaction; there may be several at a time."""
        with self._backbone.db.transaction(str(uuid7())) as tx:
            yield tx

    def leaving(self) -> bool:
        """Tell whether the service is about to stop: who works for long asks between two pieces."""
        return self._backbone.stopping


class _Every(Entrypoint):
    """A loop of the service's own; on every replica, so due work is claimed with SKIP LOCKED."""

    backbone = Backbone()

    def __init__(self, seconds: float, wake: str | None = None) -> None:
        super().__init__()
        self.seconds, self.wake = seconds, wake

    def start(self) -> None:
        method = self.backbone.method(self)
        name = self.wake or self.method_name
        work = partial(method, Loop(self.backbone))
        loop = partial(self.backbone.repeat, name, work, self.seconds)
        self._thread = self.container.spawn_managed_thread(loop, identifier=name)

    def stop(self) -> None:
        self.backbone.leave()
        wait_for([self._thread])


class _Gauges(Entrypoint):
    """Business gauges, read from the service's database when Prometheus asks."""

    backbone = Backbone()

    def start(self) -> None:
        self.backbone.gauge_sources.append(self.backbone.method(self))


http: Callable[..., Callable[[Method], Method]] = _Http.decorator
on_events: Callable[..., Callable[[Method], Method]] = _OnEvents.decorator
every: Callable[..., Callable[[Method], Method]] = _Every.decorator
gauges: Callable[[Method], Method] = _Gauges.decorator


def declared(service_cls: type) -> list[_OnEvents]:
    """Return the event entrypoints that a service declares."""
    return [ext for ext in _extensions(service_cls) if isinstance(ext, _OnEvents)]


class _Described:
    """What every service answers beside what it declares: what it answers."""

    @http("GET", "/openapi.json", scope="public", returns=docs.OpenApi, transaction=False)
    def get_openapi(self, tx: None, call: Call) -> Any:
        """Read this description of the service's API."""
        return _document(_declaring(type(self)))

    @http("GET", "/docs", scope="public", html=True, transaction=False)
    def get_docs(self, tx: None, call: Call) -> Any:
        """Read the same as a page for people."""
        return _page(_declaring(type(self)))


@cache
def described(service_cls: type) -> type:
    """Return the service as it runs: it describes itself, without having to say that it does."""
    return type(service_cls.__name__, (_Described, service_cls), {"__doc__": service_cls.__doc__})


def _declaring(running: type) -> type:
    return running.__bases__[1]


@cache
def _document(service_cls: Any) -> dict[str, Any]:
    return openapi.document({service_cls.name: service_cls}, {service_cls.name: endpoints(service_cls)})


@cache
def _page(service_cls: type) -> Html:
    return Html(docs.page(_document(service_cls)))


def endpoints(service_cls: type) -> list[Endpoint]:
    """Return what a service answers, by address and method: what it declares, and its description."""
    running = described(service_cls)
    found = [ext.endpoint_of(running) for ext in _extensions(running) if isinstance(ext, _Http)]
    return sorted(found, key=lambda endpoint: (endpoint.route, endpoint.method))


def _extensions(service_cls: type) -> Iterator[Entrypoint]:
    for name in dir(service_cls):
        for extension in getattr(getattr(service_cls, name), "nameko_entrypoints", ()):
            extension.method_name = name  # nameko says so only when it binds
            yield extension
