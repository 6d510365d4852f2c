"""What all entrypoints of a service share: the pools, the relay, its loops, and retries of failed events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import eventlet
import psycopg2
import structlog
from nameko.containers import WorkerContext
from nameko.extensions import SharedExtension

from chassis import config, inbox, metrics, migrate, sealer, topology
from chassis.db import BY_INDEX, Database, Signals, Transaction
from chassis.http import idempotency
from chassis.http.seam import Seam
from chassis.imports import pruning
from chassis.protection import Guard
from chassis.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable

    from nameko.extensions import Entrypoint

    from chassis.consume import Consumer

log = structlog.get_logger()

# Requests have connections of their own: slow ones must not stop events, nor the other way round.
WORKERS = 10
_EVENT_CONNECTIONS = 19  # and one is the relay's
_RETRY_TICK_SECONDS = 1.0
_PRUNE_SECONDS = 60.0
_SEAL_SECONDS = 1.0
_LONGEST_BACKOFF = 5.0
# A stop is over within 10 s: what has not left by then is killed, and nothing is lost by that.
_STOP_SECONDS = 8


class Backbone(SharedExtension):
    """What all entrypoints of a service share: the pool, the relay, and the retries of failed events."""

    def __init__(self) -> None:
        """Hold nothing until set up."""
        super().__init__()
        self.consumers: list[Consumer] = []
        self.gauge_sources: list[Callable[[Transaction], Any]] = [metrics.backlog_gauges, sealer.gauges]
        self.stopping = False
        self._loops: set[str] = set()

    def setup(self) -> None:
        """Make the parts; connect nowhere yet."""
        environ, signals = self.container.config["environment"], Signals()
        self.amqp_url, dsn = environ["AMQP_URL"], environ["DATABASE_URL"]
        self.db = Database(dsn, _EVENT_CONNECTIONS, signals)
        self.web = Database(dsn, WORKERS, signals)
        self.ops, outbox = Database(dsn, 1), Database(dsn, 1, signals, BY_INDEX)
        settings = config.load(config.Settings, environ)
        self.seam = Seam(self.web, self.container.config["verifier"].identify, Guard(settings, WORKERS))
        exchange = topology.exchange_of(self.container.service_name)
        self.relay = Relay(exchange, topology.bound_types(exchange), outbox, self.amqp_url)
        self.gauges = metrics.DatabaseGauges(self.ops, self.gauge_sources)
        self.pools = metrics.Pools({"events": self.db, "requests": self.web})
        self._inbox_days = settings["INBOX_DAYS"]

    def start(self) -> None:
        """Begin to publish and to retry."""
        self._threads = [
            self.container.spawn_managed_thread(self.relay.run, identifier="relay"),
            self.container.spawn_managed_thread(self._retry_failed_events, identifier="retry"),
            self.container.spawn_managed_thread(self._prune, identifier="prune"),
            self.container.spawn_managed_thread(self._seal, identifier="seal"),
        ]

    def stop(self) -> None:
        """Stop after all entrypoints have; what has not left yet leaves when the service is back."""
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
        return {"database": self._database_answers(), **self._connected()}

    def standing(self) -> dict[str, bool]:
        """Return the same without asking the database: whether it answered when its gauges were last read."""
        return {"database": self.gauges.answered, **self._connected()}

    def _connected(self) -> dict[str, bool]:
        consumers = {consumer.queue: consumer.connected for consumer in self.consumers}
        return {"relay": self.relay.ready, **consumers}

    def _database_answers(self) -> bool:
        try:
            with self.ops.transaction() as tx:
                return not migrate.pending(tx, self.container.service_name)
        except psycopg2.Error:
            return False

    def _prune(self) -> None:
        self.repeat("prune", self._forget_what_is_old, _PRUNE_SECONDS)

    def _forget_what_is_old(self) -> bool:
        more = [inbox.prune(self.db, self._inbox_days), idempotency.prune(self.db), pruning.prune(self.db)]
        return any(more)

    def _seal(self) -> None:
        self.repeat("seal", lambda: sealer.seal(self.db), _SEAL_SECONDS)

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

        def call(*args: Any, **named: Any) -> Any:
            return getattr(self.instance(entrypoint), entrypoint.method_name)(*args, **named)

        return call


def wait_for(threads: list[Any]) -> None:
    """Wait, within the time that a stop may take, until green threads have left."""
    with eventlet.Timeout(_STOP_SECONDS, False):
        for thread in threads:
            thread.wait()
