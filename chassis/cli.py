"""`kedja`: running services, migrations and topology, and looking after events that failed."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import orjson
import psycopg2
from rich.console import Console
from rich.table import Table

from chassis import cli_recovery, config, db, migrate, sql, topology
from chassis.faults import BROKER_ERRORS
from chassis.installed import amqp_url, dsn_of, installed, service_argument

console = Console()
queries: Any = sql.load(__file__)


@click.group()
def cli() -> None:
    """Kedja: a chain of events from a supplier's self-assessment to the right audit."""


@cli.command()
@service_argument
def run(service: str) -> None:
    """Run one service in this process."""
    from chassis import runner  # noqa: PLC0415  needs nameko, which the other commands do not

    runner.run(installed()[service].load())


@cli.command(name="migrate")
@service_argument
def migrate_command(service: str) -> None:
    """Bring a service's database up to date."""
    applied = migrate.migrate(dsn_of(service), service)
    click.echo(f"{service}: {len(applied)} migrations applied" if applied else f"{service}: up to date")


@cli.group(name="topology")
def topology_group() -> None:
    """Exchanges, queues and bindings."""


@topology_group.command()
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if the file is not what the services declare."
)
def generate(check: bool) -> None:
    """Write deploy/rabbitmq/definitions.json from the services' declarations."""
    from chassis.entrypoints import declared  # noqa: PLC0415  needs nameko, which the other commands do not

    services = {name: entry.load() for name, entry in installed().items()}
    events = [entrypoint for service in services.values() for entrypoint in declared(service)]
    consumed = {e.queue: (e.producer, [schema.type for schema in e.slices]) for e in events}
    text = topology.text(topology.definitions(services, consumed))
    _write(topology.FILE, text, check, "kedja topology generate")


@topology_group.command(name="apply")
def apply_topology() -> None:
    """Declare everything in deploy/rabbitmq/definitions.json on the broker."""
    document = topology.apply(amqp_url())
    click.echo("topology: " + ", ".join(f"{len(items)} {kind}" for kind, items in document.items()))


@cli.group(name="events")
def events_group() -> None:
    """The event catalogue."""


@events_group.command(name="generate")
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if the files are not what the services declare."
)
def generate_catalogue(check: bool) -> None:
    """Write docs/asyncapi.json and the table in docs/architecture.md from the services' declarations."""
    from chassis import catalogue  # noqa: PLC0415  needs nameko, which the other commands do not

    services = {name: entry.load() for name, entry in installed().items()}
    _write(catalogue.ASYNCAPI, catalogue.asyncapi(services), check, "kedja events generate")
    _write(catalogue.ARCHITECTURE, catalogue.architecture(services), check, "kedja events generate")


def _write(file: Path, text: str, check: bool, command: str) -> None:
    """Write a generated file, or in a check refuse one that is not what it would be."""
    if not check:
        file.write_text(text, encoding="utf-8")
    elif not file.exists() or file.read_text(encoding="utf-8") != text:
        raise click.ClickException(f"{file.name} is stale: run `{command}`")


@cli.command(name="queues")
def queues_command() -> None:
    """Show what waits where: messages in queues, events in outboxes, events that failed."""
    table = Table("queue", "messages", "consumers", title="RabbitMQ")
    for name, messages, consumers in topology.depths(amqp_url()):
        table.add_row(name, str(messages), str(consumers))
    console.print(table)
    table = Table("service", "outbox", "to retry", "parked", title="Databases")
    for service in installed():
        with closing(db.connect(dsn_of(service))) as conn:
            waiting = queries.backlog(conn)
        table.add_row(service, str(waiting.outbox_pending), str(waiting.retry), str(waiting.parked))
    console.print(table)


@cli.group()
def parked() -> None:
    """Events that failed and wait for a person."""


@parked.command(name="list")
@service_argument
@click.option("--limit", default=100, show_default=True)
@click.option("--retrying", is_flag=True, help="Also those that come back by themselves.")
def list_parked(service: str, limit: int, retrying: bool) -> None:
    """List a service's parked events with their reasons."""
    states = ["parked", "retry"] if retrying else ["parked"]
    with closing(db.connect(dsn_of(service))) as conn:
        for row in queries.list_failures(conn, states=states, limit=limit):
            failed_at = row.failed_at.strftime("%Y-%m-%d %H:%M:%S")
            click.echo(f"{row.queue}  {row.event_key}  {row.type}  {row.state}")
            click.echo(f"    {failed_at} UTC, attempt {row.attempts}: {row.reason[:300]}")


@parked.command()
@service_argument
@click.argument("event")
@click.option("--queue", help="Where the same event is parked on several queues.")
def show(service: str, event: str, queue: str | None) -> None:
    """Show one failed event, whole."""
    with closing(db.connect(dsn_of(service))) as conn:
        row = queries.show_failure(conn, event_key=event, queue=queue)
    if row is None:
        raise click.ClickException(f"{service} has no failed event {event}")
    for name, value in row._asdict().items():
        shown = bytes(value).decode(errors="replace") if name == "body" else value
        shown = orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode() if name == "headers" else shown
        click.echo(f"{name}: {shown}")


@parked.command()
@service_argument
@click.argument("event", required=False)
@click.option("--queue", help="Only events parked on this queue.")
@click.option("--all", "everything", is_flag=True, help="All parked events.")
def replay(service: str, event: str | None, queue: str | None, everything: bool) -> None:
    """Give parked events back to the running service."""
    if not event and not queue and not everything:
        raise click.UsageError("name an event, a --queue, or --all")
    with closing(db.connect(dsn_of(service))) as conn, conn:
        count = queries.replay_failures(conn, event_key=event, queue=queue)
    click.echo(f"{service}: {count} events will be tried again")


@parked.command()
@service_argument
@click.argument("event")
@click.option("--queue", help="Where the same event is parked on several queues.")
def discard(service: str, event: str, queue: str | None) -> None:
    """Remove one parked event for good."""
    with closing(db.connect(dsn_of(service))) as conn, conn:
        count = queries.discard_failure(conn, event_key=event, queue=queue)
    if not count:
        raise click.ClickException(f"{service} has no parked event {event}")
    click.echo(f"{service}: discarded {event}")


for command in cli_recovery.COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command line; expected faults are one sentence."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except click.Abort:
        sys.exit(130)
    except (
        config.ConfigError,
        migrate.MigrationError,
        topology.TopologyError,
        *cli_recovery.FAULTS,
    ) as fault:
        sys.exit(f"{Path(sys.argv[0]).name}: {fault}")
    except (*BROKER_ERRORS, psycopg2.OperationalError) as fault:
        sys.exit(f"{Path(sys.argv[0]).name}: cannot reach the broker or the database: {str(fault).strip()}")
