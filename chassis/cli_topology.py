"""`kedja topology`: exchanges, queues and bindings."""

from __future__ import annotations

import click

from chassis import generated, topology
from chassis.installed import amqp_url, installed


@click.group(name="topology")
def topology_group() -> None:
    """Exchanges, queues and bindings."""


@topology_group.command()
@click.option(
    "--check", is_flag=True, help="Write nothing; fail if the file is not what the services declare."
)
def generate(check: bool) -> None:
    """Write deploy/rabbitmq/definitions.json from the services' declarations."""
    from chassis.entrypoints import declared  # noqa: PLC0415  needs nameko, which the other command does not

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
