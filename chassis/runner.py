"""Running one service as one process: `kedja run <service>`."""

from __future__ import annotations

import gc
import os
import signal
from typing import Any

import eventlet
import structlog
from nameko.constants import MAX_WORKERS_CONFIG_KEY, WEB_SERVER_CONFIG_KEY
from nameko.runners import ServiceRunner

from chassis import config, logs, metrics, ops
from chassis.backbone import WORKERS, Backbone
from chassis.entrypoints import described
from chassis.green import make_psycopg_green
from chassis.identity import Verifier

log = structlog.get_logger()

# A stop is over within 10 s; what still runs by then is cut off, and nothing is lost by that.
_STOP_SECONDS = 8


def run(service_cls: type) -> None:
    """Run until SIGTERM or SIGINT; then finish what runs, give the rest back, and return.

    Raises config.ConfigError if the environment does not hold what the service's settings declare.
    """
    gc.freeze()  # all that was imported, while nobody looked for garbage (__main__.py)
    gc.enable()
    make_psycopg_green()
    name = service_cls.name  # type: ignore[attr-defined]
    environment = config.environment(name)
    settings = config.load(service_cls.settings.schema, environment)  # type: ignore[attr-defined]
    logs.configure(name, settings["LOG_LEVEL"])
    runner = ServiceRunner(
        {
            WEB_SERVER_CONFIG_KEY: settings["HTTP_ADDRESS"],
            MAX_WORKERS_CONFIG_KEY: WORKERS,
            "environment": environment,
            "verifier": Verifier(settings),
        }
    )
    runner.add_service(described(service_cls))
    _serve(runner, settings["OPS_ADDRESS"])


def _serve(runner: Any, ops_address: str) -> None:
    stop = eventlet.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.ready() or stop.send())
    _start(runner)
    container = next(iter(runner.containers))
    backbone = container.shared_extensions[Backbone]
    metrics.register(backbone.gauges, metrics.Readiness(backbone.standing), backbone.pools)
    ops.serve(backbone, ops_address)
    gc.freeze()  # what stays for as long as the process does is not looked through again and again
    log.info("service_started", pid=os.getpid(), ops=ops_address)
    eventlet.spawn(_stop_when_it_ends, runner, stop)
    stop.wait()
    eventlet.spawn_after(_STOP_SECONDS, _leave, "service_stopped_in_the_middle", 0)
    runner.stop()
    log.info("service_stopped")


def _start(runner: Any) -> None:
    try:
        runner.start()
    except Exception as fault:  # noqa: BLE001  a taken port, as a rule
        _leave("service_not_started", 1, reason=repr(fault))


def _leave(event: str, status: int, **reason: str) -> None:
    """End the process at once, whatever still runs: what is not committed was never begun."""
    log.error(event, **reason)
    os._exit(status)


def _stop_when_it_ends(runner: Any, stop: Any) -> None:
    """End the process when a managed thread has died of a fault: the supervisor starts a new one."""
    try:
        runner.wait()
    except BaseException:
        log.exception("service_died")
        os._exit(1)
    if not stop.ready():
        stop.send()
