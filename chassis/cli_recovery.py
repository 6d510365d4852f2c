"""`kedja backup`, `restore` and `resync`: what an operator types against loss, and after it."""

from __future__ import annotations

from pathlib import Path

import click
import psycopg2

from chassis import losses
from chassis.backup import backup
from chassis.installed import dsn_of, installed, service_argument
from chassis.restore import restore
from chassis.resync import resync

_FOLDER = click.Path(path_type=Path)


@click.command(name="backup")
@click.argument("folder", metavar="DIR", type=_FOLDER)
def backup_command(folder: Path) -> None:
    """Write every installed service's database to DIR, each as of one moment, while the services run."""
    manifest = backup({service: dsn_of(service) for service in installed()}, folder)
    for service, entry in sorted(manifest["services"].items()):
        click.echo(f"{service}: {entry['bytes']} bytes, as of {entry['began_at']}")
    click.echo(f"{folder} is whole")


@click.command(name="restore")
@service_argument
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--report", is_flag=True, help="List what the backup lacks, and what of it can come back.")
def restore_command(service: str, folder: Path, report: bool) -> None:
    """Put SERVICE's database back as it is in the backup DIR; the service must be stopped."""
    kept = restore(service, dsn_of(service), folder)
    click.echo(f"{service}: restored; what was there is kept in the schema {kept} until you drop it")
    if report:
        _report(service, kept)
    click.echo(f"{service}: now start it and go on with the resyncs (docs/operations.md)")


@click.command(name="restore-report")
@service_argument
@click.argument("schema")
def restore_report_command(service: str, schema: str) -> None:
    """List again what SERVICE lacks of what it held before a restore; SCHEMA: where that is kept."""
    _report(service, schema)


def _report(service: str, kept: str) -> None:
    keeps = {name: getattr(entry.load(), "keeps", ()) for name, entry in installed().items()}
    try:
        for line in losses.report(service, kept, keeps, dsn_of):
            click.echo(line)
    except psycopg2.Error as fault:
        again = f"type `kedja restore-report {service} {kept}`"
        raise click.ClickException(f"{service}: no whole report: {str(fault).strip()}: {again}") from None


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
