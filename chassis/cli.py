"""`kedja`: running services, migrations and topology, and looking after events that failed."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click
import psycopg2

from chassis.errors import OperatorError
from chassis.faults import BROKER_ERRORS
from chassis.installed import installed, service_argument

# Imported when it is asked for: who types one command does not wait for what the others need.
_COMMANDS = {
    "asyncapi": "chassis.cli_events:asyncapi_command",
    "audit-trail": "chassis.cli_trail:audit_trail",
    "backup": "chassis.cli_recovery:backup_command",
    "events": "chassis.cli_events:events_group",
    "migrate": "chassis.cli_migrate:migrate_command",
    "openapi": "chassis.cli_openapi:openapi_command",
    "parked": "chassis.cli_parked:parked",
    "queues": "chassis.cli_queues:queues_command",
    "restore": "chassis.cli_recovery:restore_command",
    "restore-report": "chassis.cli_recovery:restore_report_command",
    "resync": "chassis.cli_recovery:resync_command",
    "run": "chassis.cli:run",
    "token": "chassis.cli_token:token_command",
    "topology": "chassis.cli_topology:topology_group",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.command(cls=_Commands)
def cli() -> None:
    """Kedja: a chain of events from a supplier's self-assessment to the right audit."""


@click.command()
@service_argument
def run(service: str) -> None:
    """Run one service in this process."""
    from chassis import runner  # noqa: PLC0415  needs nameko, which the other commands do not

    runner.run(installed()[service].load())


def main() -> None:
    """Run the command line; expected faults are one sentence."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except click.Abort:
        sys.exit(130)
    except OperatorError as fault:
        sys.exit(f"{Path(sys.argv[0]).name}: {fault}")
    except (*BROKER_ERRORS, psycopg2.OperationalError) as fault:
        sys.exit(f"{Path(sys.argv[0]).name}: cannot reach the broker or the database: {str(fault).strip()}")
