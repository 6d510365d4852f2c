"""`kedja queues`: what waits where, and for how long."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any

import click
import psycopg2
from rich.console import Console
from rich.table import Table

from chassis import clock, config, db, sql, topology
from chassis.ids import time_of
from chassis.installed import amqp_url, dsn_of, installed

queries: Any = sql.load(__file__)

_UNKNOWN = "?"
_WIDTH = 120  # into a file or a pipe


@click.command(name="queues")
@click.option("--seconds", default=10.0, show_default=True, help="What the rate is measured over.")
def queues_command(seconds: float) -> None:
    """Show what waits where: messages in queues, events that failed, events in outboxes.

    depth, consumers: what RabbitMQ says now. Depth counts what is ready; each consumer holds up to 500 more.

    rate: events a second that the queue's service handled in the last --seconds, from its inbox.

    oldest: the oldest waiting message has been under way for at most so long. RabbitMQ doesn't tell, and to
    look would disturb the order; but a queue keeps its order, so what waits is as a rule younger than the
    newest event handled. After a quiet time it is more than the truth.

    to retry, parked: events of the queue that failed (kedja parked list). A question mark: nobody knows.
    """
    known = {service: _ask(service, seconds) for service in installed()}
    states = {state.queue: state for _, found in known.values() for state in found}
    waiting = Table("queue", "depth", "consumers", "rate/s", "oldest", "to retry", "parked", title="Queues")
    for name, depth, consumers in topology.depths(amqp_url()):
        waiting.add_row(name, str(depth), str(consumers), *_cells(states.get(name), depth, seconds))
    unsent = Table("service", "unpublished", "oldest", "to retry", "parked", title="Outboxes")
    for service, (backlog, _) in known.items():
        unsent.add_row(service, *_backlog_cells(backlog))
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(waiting)
    console.print(unsent)


def _ask(service: str, seconds: float) -> tuple[Any, list[Any]]:
    """Return a service's backlog and queues; a database that is away must not hide the others."""
    queues = [each["name"] for each in topology.load()["queues"] if each["name"].startswith(f"{service}.")]
    try:
        with closing(db.connect(dsn_of(service))) as conn:
            return queries.backlog(conn), list(queries.queue_states(conn, queues=queues, seconds=seconds))
    except (psycopg2.OperationalError, config.ConfigError) as fault:
        click.echo(f"{service}: cannot reach its database: {str(fault).strip()}", err=True)
        return None, []


def _cells(state: Any, depth: int, seconds: float) -> tuple[str, ...]:
    if state is None:
        return (_UNKNOWN,) * 4
    return f"{state.handled / seconds:.1f}", _oldest(state.newest, depth), str(state.retry), str(state.parked)


def _oldest(newest: Any, depth: int) -> str:
    if not depth:
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
