"""The API's document as tests hold answers against it: nothing may be answered that it does not name."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner
from jsonschema import Draft202012Validator, FormatChecker

from chassis.cli import cli
from chassis.entrypoints import endpoints
from chassis.installed import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.http.endpoint import Endpoint

SERVICES = {name: entry.load() for name, entry in installed().items()}
ENDPOINTS = {f"{name}.{each.name}": each for name, cls in SERVICES.items() for each in endpoints(cls)}


def printed() -> dict[str, Any]:
    """What `kedja openapi` prints."""
    shown: dict[str, Any] = json.loads(CliRunner().invoke(cli, ["openapi"]).output)
    return shown


def tight(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with every object closed: callers bear a member that is added, tests do not."""
    closed = copy.deepcopy(document)
    for name, schema in closed["components"]["schemas"].items():
        if "properties" in schema and name not in {"Problem", "OpenApi"}:
            schema.setdefault("additionalProperties", False)
    for response in closed["components"]["responses"].values():
        response["content"]["application/problem+json"]["schema"]["unevaluatedProperties"] = False
    return closed


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give (operationId, operation)."""
    for methods in document["paths"].values():
        for operation in methods.values():
            yield operation["operationId"], operation


def faults(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Return what is wrong with a value by one of the document's schemas."""
    whole = schema | {"components": document["components"]}
    errors = Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(value)
    return [f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in errors]


def location(endpoint: Endpoint) -> tuple[str, str]:
    """Return where an endpoint stands in a document."""
    return endpoint.route, endpoint.method.lower()
