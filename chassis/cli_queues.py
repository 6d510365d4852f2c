"""`kedja queues`: what waits where, and for how long."""

from __future__ import annotations

import math
import sys
from contextlib import closing
from typing import Any

import click
import psycopg2
from rich.console import Console
from rich.table import Table

from chassis import clock, config, db, sql, topology
from chassis.depths import Depth, depths
from chassis.faults import BROKER_ERRORS
from chassis.ids import time_of
from chassis.installed import amqp_url, dsn_of, installed

queries: Any = sql.load(__file__)

_UNKNOWN = "?"
_WIDTH = 120  # into a file or a pipe
_COLUMNS = ("queue", "ready", "in hand", "consumers", "rate/s", "oldest", "to retry", "parked")


def _positive(_ctx: Any, _param: Any, value: float) -> float:
    if not 0 < value < math.inf:  # nor is NaN
        raise click.BadParameter(f"{value} is no length of time")
    return value


@click.command(name="queues")
@click.option(
    "--seconds", default=10.0, show_default=True, callback=_positive, help="What the rate is measured over."
)
def queues_command(seconds: float) -> None:
    """Show what waits where: messages in queues, events that failed, events in outboxes.

    ready, consumers: what RabbitMQ says now. in hand: delivered and not acknowledged, by its management API
    where AMQP_MANAGEMENT_URL is set (http://user:password@host:15672; some seconds old); otherwise the most
    that it can be, 500 a consumer.

    rate: events a second that the queue's service handled in the last --seconds, from its inbox.

    oldest: the oldest message, ready or in hand, has been under way for at most so long. RabbitMQ doesn't
    tell, and to look would disturb the order; but a queue keeps its order, so what waits is as a rule younger
    than the newest event handled. After a quiet time it is more than the truth. - where nothing waits.

    to retry, parked: events of the queue that failed (kedja parked list). A question mark: nobody knows.
    """
    known = {service: _ask(service, seconds) for service in installed()}
    states = {state.queue: state for _, found in known.values() for state in found}
    waiting = Table(*_COLUMNS, title="Queues")
    for name, depth in _depths().items():
        waiting.add_row(name, *_depth_cells(depth), *_cells(states.get(name), depth, seconds))
    unsent = Table("service", "unpublished", "oldest", "to retry", "parked", title="Outboxes")
    for service, (backlog, _) in known.items():
        unsent.add_row(service, *_backlog_cells(backlog))
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(waiting)
    console.print(unsent)


def _depths() -> dict[str, Depth | None]:
    """Return what the broker says; one that is away must not hide what the databases know."""
    try:
        return depths(amqp_url(), _management_url())
    except (*BROKER_ERRORS, config.ConfigError) as fault:
        click.echo(f"cannot reach the broker: {str(fault).strip()}", err=True)
        return dict.fromkeys(queue["name"] for queue in topology.load()["queues"])


def _management_url() -> str | None:
    urls = (config.environment(service).get("AMQP_MANAGEMENT_URL") for service in installed())
    return next((url for url in urls if url), None)


def _ask(service: str, seconds: float) -> tuple[Any, list[Any]]:
    """Return a service's backlog and queues; a database that is away must not hide the others."""
    queues = [each["name"] for each in topology.load()["queues"] if each["name"].startswith(f"{service}.")]
    try:
        with closing(db.connect(dsn_of(service))) as conn:
            return queries.backlog(conn), list(queries.queue_states(conn, queues=queues, seconds=seconds))
    except (psycopg2.Error, config.ConfigError) as fault:
        click.echo(f"{service}: cannot ask its database: {str(fault).strip()}", err=True)
        return None, []


def _depth_cells(depth: Depth | None) -> tuple[str, ...]:
    if depth is None:
        return (_UNKNOWN,) * 3
    in_hand = str(depth.in_hand) if depth.in_hand == depth.at_most else f"<= {depth.at_most}"
    return str(depth.ready), in_hand, str(depth.consumers)


def _cells(state: Any, depth: Depth | None, seconds: float) -> tuple[str, ...]:
    if state is None:
        return (_UNKNOWN,) * 4
    return f"{state.handled / seconds:.1f}", _oldest(state.newest, depth), str(state.retry), str(state.parked)


def _oldest(newest: Any, depth: Depth | None) -> str:
    if depth is None or (not depth.ready and depth.in_hand is None):
        return _UNKNOWN
    if not depth.ready and not depth.in_hand:
        return "-"
    emitted = time_of(newest) if newest else None
    return f"<= {age((clock.now() - emitted).total_seconds())}" if emitted else _UNKNOWN


def _backlog_cells(backlog: Any) -> tuple[str, ...]:
    if backlog is None:
        return (_UNKNOWN,) * 4
    oldest = age(backlog.outbox_oldest_seconds) if backlog.outbox_pending else "-"
    return str(backlog.outbox_pending), oldest, str(backlog.retry), str(backlog.parked)


def age(seconds: float) -> str:
    """Return a length of time in the unit that a person would use."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
