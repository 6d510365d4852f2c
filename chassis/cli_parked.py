"""`kedja parked`: events that failed, and what a person decides about them while the services run."""

from __future__ import annotations

import re
import sys
from contextlib import closing
from datetime import timedelta
from typing import Any

import click
import orjson

from chassis import db, sql
from chassis.installed import dsn_of, service_argument, user

queries: Any = sql.load(__file__)

_TIME = "%Y-%m-%d %H:%M:%S UTC"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Age(click.ParamType[float]):
    """A length of time as people write it: 90s, 15m, 2h, 7d; in seconds."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        written = re.fullmatch(r"(\d{1,6})([smhd])", str(value))
        if written is None:
            self.fail(f"{value!r} is not a time like 90s, 15m, 2h or 7d", param, ctx)
        return timedelta(**{_UNITS[written[2]]: int(written[1])}).total_seconds()


def _filter(_ctx: Any, _param: Any, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("an empty filter would choose every event")
    return value


def _filters(command: Any) -> Any:
    """Let a command choose events by queue, type, reason and age; all that are given must fit."""
    options = (
        click.option("--queue", callback=_filter, help="Only events of this queue."),
        click.option("--type", callback=_filter, help="Only events of this type."),
        click.option(
            "--reason-contains", callback=_filter, help="Only events whose reason has this text in it."
        ),
        click.option("--older-than", type=Age(), help="Only events that failed longer ago than 15m, 2h, 7d."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _chosen(event: str | None, filters: dict[str, Any], everything: bool = False) -> dict[str, Any]:
    if not everything and not event and not any(value is not None for value in filters.values()):
        raise click.UsageError("name an event or a filter")
    return {"event_key": event, **filters}


@click.group()
def parked() -> None:
    """Events that failed and wait for a person. All of it works while the services run."""


@parked.command(name="list")
@service_argument
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--retrying", is_flag=True, help="Also those that come back by themselves.")
@click.option("--discarded", is_flag=True, help="Also those that somebody has discarded: who, when, why.")
@_filters
def list_parked(service: str, limit: int, retrying: bool, discarded: bool, **filters: Any) -> None:
    """List a service's parked events with their reasons, oldest first."""
    states = ["parked", *["retry"] * retrying, *["discarded"] * discarded]
    with closing(db.connect(dsn_of(service))) as conn:
        for row in queries.list_failures(conn, states=states, limit=limit, event_key=None, **filters):
            click.echo(f"{row.queue}  {row.event_key}  {row.type}  {row.state}")
            click.echo(f"    {row.failed_at:{_TIME}}, attempt {row.attempts}: {row.reason[:300]}")
            if row.state == "discarded":
                decided = f"discarded {row.discarded_at:{_TIME}} by {row.discarded_by}"
                click.echo(f"    {decided}: {row.discard_reason}")


@parked.command()
@service_argument
@click.argument("event")
@click.option("--queue", help="Where the same event has failed on several queues.")
def show(service: str, event: str, queue: str | None) -> None:
    """Show one failed event, whole."""
    with closing(db.connect(dsn_of(service))) as conn:
        rows = list(queries.show_failure(conn, event_key=event, queue=queue))
    if not rows:
        raise click.ClickException(f"{service} has no failed event {event}")
    if rows[1:]:
        queues = ", ".join(row.queue for row in rows)
        raise click.UsageError(f"{event} has failed on {queues}: say which with --queue")
    for name, value in rows[0]._asdict().items():
        shown = bytes(value).decode(errors="replace") if name == "body" else value
        shown = orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode() if name == "headers" else shown
        if shown is not None:
            click.echo(f"{name}: {shown}")


@parked.command()
@service_argument
@click.argument("event", required=False)
@click.option("--all", "everything", is_flag=True, help="All parked events.")
@_filters
def replay(service: str, event: str | None, everything: bool, **filters: Any) -> None:
    """Give parked events back to the running service, which tries them again within a second or two.

    To type it twice does no harm: what is being tried already stays as it is (and is not parked: exit status
    1), and what has been handled is not handled again. A discarded event comes back only by its own id.
    """
    chosen = _chosen(event, filters, everything)
    with closing(db.connect(dsn_of(service))) as conn, conn:
        count = queries.replay_failures(conn, **chosen)
    if not count:
        raise click.ClickException(f"{service} has no parked event {event or 'of that kind'}")
    click.echo(f"{service}: {count} events will be tried again")


def _explained(_ctx: Any, _param: Any, value: str | None) -> str:
    """Return the reason; asks a person for it."""
    if value is None and sys.stdin.isatty():
        value = click.prompt("Why")
    if value is None or not value.strip():
        raise click.UsageError('a reason is needed: --reason "why nobody needs it"')
    return value.strip()


@parked.command()
@service_argument
@click.argument("event", required=False)
@click.option("--reason", "why", callback=_explained, help="Why nobody needs it; kept with the event.")
@click.option("--by", help="Who decides it.  [default: the user who types]")
@_filters
def discard(service: str, event: str | None, why: str, by: str | None, **filters: Any) -> None:
    """Set parked events aside for good. They are kept, with who, when and why: `list --discarded`, `show`."""
    chosen = _chosen(event, filters)
    with closing(db.connect(dsn_of(service))) as conn, conn:
        count = queries.discard_failures(conn, by=by or user(), why=why, **chosen)
    if not count:
        raise click.ClickException(f"{service} has no parked event {event or 'of that kind'}")
    click.echo(f"{service}: discarded {event or f'{count} events'}")
