"""`kedja resync`: what an operator types after something was lost."""

from __future__ import annotations

import click

from chassis.installed import dsn_of, installed, service_argument
from chassis.resync import ResyncError, resync

FAULTS = (ResyncError,)


@click.command(name="resync")
@service_argument
def resync_command(service: str) -> None:
    """Let SERVICE tell its present state again: for a consumer that is new, or restored from a backup."""
    tells = getattr(installed()[service].load(), "tells", ())
    if not tells:
        click.echo(f"{service}: tells nothing that others keep; there is nothing to do")
        return
    count = resync(dsn_of(service), tells)
    click.echo(f"{service}: {count} events written; the running service publishes them")


COMMANDS = (resync_command,)
