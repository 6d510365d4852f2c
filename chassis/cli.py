"""`kedja`: running services, migrations and topology, and looking after events that failed."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import psycopg2

from chassis import (
    cli_openapi,
    cli_parked,
    cli_queues,
    cli_recovery,
    cli_token,
    cli_trail,
    config,
    generated,
    migrate,
    topology,
)
from chassis.faults import BROKER_ERRORS
from chassis.installed import amqp_url, dsn_of, installed, service_argument


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
    before = topology.load() if topology.FILE.exists() else None
    text = topology.text(topology.definitions(services, consumed, before))
    generated.write(topology.FILE, text, check, "kedja topology generate")


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
    generated.write(catalogue.ASYNCAPI, catalogue.asyncapi(services), check, "kedja events generate")
    generated.write(catalogue.ARCHITECTURE, catalogue.architecture(services), check, "kedja events generate")


@cli.command(name="asyncapi")
def asyncapi_command() -> None:
    """Print the AsyncAPI 3 document: every event that the installed services emit."""
    from chassis import catalogue  # noqa: PLC0415  needs nameko, which the other commands do not

    services = {name: entry.load() for name, entry in installed().items()}
    click.echo(catalogue.asyncapi(services), nl=False)


for command in (
    cli_openapi.openapi_command,
    cli_parked.parked,
    cli_queues.queues_command,
    cli_token.token_command,
    cli_trail.audit_trail,
    *cli_recovery.COMMANDS,
):
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
