"""`kedja migrate`."""

from __future__ import annotations

import click

from chassis import migrate
from chassis.installed import dsn_of, service_argument


@click.command(name="migrate")
@service_argument
def migrate_command(service: str) -> None:
    """Bring a service's database up to date."""
    applied = migrate.migrate(dsn_of(service), service)
    click.echo(f"{service}: {len(applied)} migrations applied" if applied else f"{service}: up to date")
