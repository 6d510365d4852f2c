"""Which services are here, how their databases and the broker are reached, and who asks."""

from __future__ import annotations

import getpass
import importlib.util
import os
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import click

from chassis import config

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def installed() -> dict[str, EntryPoint]:
    """Return the services that are here: an image holds one of those that the project declares."""
    found = entry_points(group="kedja.services")
    return {entry.name: entry for entry in sorted(found, key=lambda e: e.name) if _present(entry.module)}


def _present(module: str) -> bool:
    package = module.rpartition(".")[0]
    return importlib.util.find_spec(package) is not None


def service_argument(function: Any) -> Any:
    """Take a service's name, and name those that are here when it is none."""
    return click.argument("service", type=click.Choice(list(installed())))(function)


def user() -> str:
    """Return who types, also behind sudo, and in a container whose user has no name."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def dsn_of(service: str) -> str:
    """Return a service's DATABASE_URL; raise ConfigError if it is not set."""
    environment = config.environment(service)
    if not environment.get("DATABASE_URL"):
        raise config.ConfigError(
            f"DATABASE_URL of {service} is not set, neither here nor in .run/env/{service}.env"
        )
    return environment["DATABASE_URL"]


def amqp_url() -> str:
    """Return the broker's AMQP_URL; raise ConfigError if it is not set."""
    urls = (config.environment(service).get("AMQP_URL") for service in installed())
    found = next((url for url in urls if url), None)
    if not found:
        raise config.ConfigError("AMQP_URL is not set, neither here nor in .run/env/<service>.env")
    return found
