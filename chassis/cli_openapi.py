"""`kedja openapi`: the description of the whole API, one document for all services that are here."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from chassis import generated
from chassis.installed import installed

FILE = Path(__file__).parent.parent / "docs" / "openapi.json"


@click.group(name="openapi", invoke_without_command=True)
@click.pass_context
def openapi_command(ctx: click.Context) -> None:
    """Print the OpenAPI 3.1 document of all services."""
    if ctx.invoked_subcommand is None:
        click.echo(text(), nl=False)


@openapi_command.command()
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if the file is not what the services declare."
)
def generate(check: bool) -> None:
    """Write docs/openapi.json from the services' declarations."""
    generated.write(FILE, text(), check, "kedja openapi generate")


def text() -> str:
    """Return the merged document, as it is kept."""
    from chassis.entrypoints import endpoints  # noqa: PLC0415  needs nameko, which other commands do not
    from chassis.http import openapi  # noqa: PLC0415

    services = {name: entry.load() for name, entry in installed().items()}
    merged = openapi.document(services, {name: endpoints(cls) for name, cls in services.items()})
    return orjson.dumps(merged, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
