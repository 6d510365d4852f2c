"""`kedja events` and `kedja asyncapi`: the catalogue, from the services' declarations."""

from __future__ import annotations

import click

from chassis import catalogue, generated
from chassis.installed import installed


@click.group(name="events")
def events_group() -> None:
    """The event catalogue."""


@events_group.command(name="generate")
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if the files are not what the services declare."
)
def generate_catalogue(check: bool) -> None:
    """Write docs/asyncapi.json and the table in docs/architecture.md from the services' declarations."""
    services = {name: entry.load() for name, entry in installed().items()}
    generated.write(catalogue.ASYNCAPI, catalogue.asyncapi(services), check, "kedja events generate")
    generated.write(catalogue.ARCHITECTURE, catalogue.architecture(services), check, "kedja events generate")


@click.command(name="asyncapi")
def asyncapi_command() -> None:
    """Print the AsyncAPI 3 document: every event that the installed services emit."""
    services = {name: entry.load() for name, entry in installed().items()}
    click.echo(catalogue.asyncapi(services), nl=False)
