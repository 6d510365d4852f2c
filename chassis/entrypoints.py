"""nameko's side of the chassis: the decorators with which a service declares what it answers, hears and does.

Nothing here decides anything; nameko and eventlet stay in this module, `runner` and `ops`.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import eventlet
import psycopg2
import structlog
from eventlet.event import Event as Reply
from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider, Entrypoint, SharedExtension
from nameko.web.handlers import HttpRequestHandler
from nameko.web.server import WebServer, WsgiApp
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from chassis import config, metrics, migrate, topology
from chassis import http as seam
from chassis.consume import Consumer
from chassis.db import Database, Signals, Transaction
from chassis.ids import uuid7
from chassis.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from marshmallow import Schema

    from chassis.events import EventSlice

log = structlog.get_logger()

Method = TypeVar("Method", bound="Callable[..., Any]")

# Requests have connections of their own: slow ones must not stop events, nor the other way round.
WORKERS = 10
_EVENT_CONNECTIONS = 20
_RETRY_TICK_SECONDS = 1.0
_LONGEST_BACKOFF = 5.0
# A stop is over within 10 s: what has not left by then is killed, and nothing is lost by that.
_STOP_SECONDS = 8


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


class Backbone(SharedExtension):
    """What all entrypoints of a service share: the pool, the relay, and the retries of failed events."""

    def __init__(self) -> None:
        """Hold nothing until set up."""
        super().__init__()
        self.consumers: list[Consumer] = []
        self.gauge_sources: list[Callable[[Transaction], Any]] = [metrics.backlog_gauges]
        self.stopping = False
        self._loops: set[str] = set()

    def setup(self) -> None:
        """Make the parts; connect nowhere yet."""
        environ, signals = self.container.config["environment"], Signals()
        self.amqp_url, dsn = environ["AMQP_URL"], environ["DATABASE_URL"]
        self.db = Database(dsn, _EVENT_CONNECTIONS, signals)
        self.web = Database(dsn, WORKERS, signals)
        self.ops = Database(dsn, 1)
        exchange = topology.exchange_of(self.container.service_name)
        self.relay = Relay(exchange, topology.bound_types(exchange), self.db, self.amqp_url)
        self.gauges = metrics.DatabaseGauges(self.ops, self.gauge_sources)

    def start(self) -> None:
        """Begin to publish and to retry."""
        self._threads = [
            self.container.spawn_managed_thread(self.relay.run, identifier="relay"),
            self.container.spawn_managed_thread(self._retry_failed_events, identifier="retry"),
        ]

    def stop(self) -> None:
        """Stop after all entrypoints have: what their last transactions emitted is still published."""
        self.leave()
        self.relay.stop()
        wait_for(self._threads)

    def leave(self) -> None:
        """Ask the loops to end after their present round."""
        self.stopping = True
        for name in self._loops:
            self.db.signal(name).set()

    def ready(self) -> dict[str, bool]:
        """Return what the service stands on and whether it stands; raises nothing."""
        consumers = {consumer.queue: consumer.connected for consumer in self.consumers}
        return {"database": self._database_answers(), "relay": self.relay.ready, **consumers}

    def _database_answers(self) -> bool:
        try:
            with self.ops.transaction() as tx:
                return not migrate.pending(tx, self.container.service_name)
        except psycopg2.Error:
            return False

    def _retry_failed_events(self) -> None:
        self.repeat("retry", self._retry_each_queue, _RETRY_TICK_SECONDS)

    def _retry_each_queue(self) -> bool:
        tried = [consumer.retry_one() for consumer in self.consumers]
        return any(tried)

    def repeat(self, name: str, work: Callable[[], Any], seconds: float) -> None:
        """Do `work` every so many seconds or when `name` is woken, and again while it finds something."""
        self._loops.add(name)
        signal = self.db.signal(name)
        while not self.stopping:
            signal.clear()
            try:
                pause = 0 if work() else seconds
            except psycopg2.Error as fault:
                log.warning("loop_paused", loop=name, reason=repr(fault)[:300])
                pause = _LONGEST_BACKOFF
            except Exception:
                log.exception("loop_failed", loop=name)
                pause = _LONGEST_BACKOFF
            if pause:
                signal.wait(pause)
            else:
                time.sleep(0)  # lets other green threads run between two rounds

    def instance(self, entrypoint: Entrypoint) -> Any:
        """Return the service with its dependencies, as nameko would give it to a worker."""
        service = self.container.service_cls()
        worker = WorkerContext(self.container, service, entrypoint)
        for provider in self.container.dependencies:
            setattr(service, provider.attr_name, provider.get_dependency(worker))
        return service

    def method(self, entrypoint: Entrypoint) -> Callable[..., Any]:
        """Return a function that calls the entrypoint's method on a fresh instance of the service."""

        def call(*args: Any) -> Any:
            return getattr(self.instance(entrypoint), entrypoint.method_name)(*args)

        return call


def wait_for(threads: list[Any]) -> None:
    """Wait, within the time that a stop may take, until green threads have left."""
    with eventlet.Timeout(_STOP_SECONDS, False):
        for thread in threads:
            thread.wait()


class _ProblemApp(WsgiApp):
    """Routes a request and answers what no route takes with problem+json as well."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        try:
            provider, path_values = self.url_map.bind_to_environ(environ).match()
            response = provider.handle(request, path_values)
        except HTTPException as fault:
            correlation_id = seam.correlation_of(request)
            response = seam.problem_of(fault, correlation_id)
            response.headers["X-Correlation-ID"] = correlation_id
        return response(environ, start_response)


class _Server(WebServer):
    def get_wsgi_app(self) -> WsgiApp:
        return _ProblemApp(self)


class _Http(HttpRequestHandler):
    """An HTTP entrypoint that owns the transaction, checks the input and shapes the answer."""

    server = _Server()
    backbone = Backbone()

    def __init__(self, method: str, route: str, **declared: Any) -> None:
        super().__init__(method, route)
        self.body, self.query = declared.get("body"), declared.get("query")
        self.returns, self.status = declared.get("returns"), declared.get("status", 200)
        self.location = declared.get("location")

    def handle(self, request: Request, path_values: dict[str, Any]) -> Response:
        started = time.monotonic()
        correlation_id = seam.correlation_of(request)
        try:
            response = self._respond(request, path_values, correlation_id)
        except Exception as fault:  # noqa: BLE001  every fault becomes an answer
            response = seam.problem_of(fault, correlation_id)
        response.headers["X-Correlation-ID"] = correlation_id
        seen = {"route": self.url, "method": request.method, "status": response.status_code}
        seconds = time.monotonic() - started
        metrics.HTTP.labels(**seen).observe(seconds)
        log.info("request_answered", **seen, seconds=round(seconds, 4), correlation_id=correlation_id)
        return response

    def _respond(self, request: Request, path_values: dict[str, Any], correlation_id: str) -> Response:
        call = seam.read(request, self.body, self.query, correlation_id)
        with self.backbone.web.transaction(correlation_id) as tx:
            result = self._work(tx, call, path_values)
            return seam.answer(result, self.returns, self.status, self.location)

    def _work(self, tx: Transaction, call: seam.Call, path_values: dict[str, Any]) -> Any:
        reply = Reply()
        self.container.spawn_worker(
            self, (tx, call), path_values, handle_result=partial(self.handle_result, reply)
        )
        return reply.wait()


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


class _Every(Entrypoint):
    """A loop of the service's own; on every replica, so due work is claimed with SKIP LOCKED."""

    backbone = Backbone()

    def __init__(self, seconds: float, wake: str | None = None) -> None:
        super().__init__()
        self.seconds, self.wake = seconds, wake

    def start(self) -> None:
        method = self.backbone.method(self)
        name = self.wake or self.method_name
        work = partial(method, self._begin)
        loop = partial(self.backbone.repeat, name, work, self.seconds)
        self._thread = self.container.spawn_managed_thread(loop, identifier=name)

    def stop(self) -> None:
        self.backbone.leave()
        wait_for([self._thread])

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        with self.backbone.db.transaction(str(uuid7())) as tx:
            yield tx


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
    methods = (getattr(service_cls, name) for name in dir(service_cls))
    extensions = (ext for method in methods for ext in getattr(method, "nameko_entrypoints", ()))
    return [ext for ext in extensions if isinstance(ext, _OnEvents)]
