"""OpenAPI 3.1 of what services declare: one document for one service, or for all of them together."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from chassis import access
from chassis.http import headers, responses, sheets
from chassis.http.components import Components
from chassis.uploads import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chassis.http.endpoint import Endpoint

_HERE = [{"url": "/", "description": "Where this document was read"}]
_ANYWHERE = [
    {
        "url": "{base}",
        "description": "One base URL for all services",
        "variables": {"base": {"default": "https://kedja.example", "description": "Where it is installed"}},
    }
]
_ABOUT = (
    "Follow-up of suppliers: people, environment, and the events from a self-assessment to an audit. "
    "docs/api.md is the manual: tokens, idempotency, conditional writes, lists, problems, what may change."
)
_BEARER = "A token of the installation's OpenID provider. It names a role; each operation names its scope."
_SESSION = "A respondent's session: POST /api/v1/assessments/sessions exchanges a mail's code for one."
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": _BEARER},
    "session": {"type": "http", "scheme": "bearer", "description": _SESSION},
}


def document(services: Mapping[str, type], endpoints: Mapping[str, Sequence[Endpoint]]) -> dict[str, Any]:
    """Return the document of some services: name -> class, name -> what it declares."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for service in sorted(services):
        components = Components(service)
        for endpoint, described in _operations(service, endpoints[service], components):
            paths.setdefault(endpoint.route, {})[endpoint.method.lower()] = described
        schemas |= components.all()
    alone = next(iter(services)) if len(services) == 1 else None
    return {
        "openapi": "3.1.0",
        "info": _info(alone),
        "servers": _HERE if alone else _ANYWHERE,
        "tags": [
            {"name": name, "description": inspect.getdoc(cls)} for name, cls in sorted(services.items())
        ],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted({**schemas, **responses.SCHEMAS}.items())),
            "responses": responses.refusals(),
            "headers": headers.HEADERS,
            "parameters": headers.PARAMETERS,
            "securitySchemes": _SECURITY,
        },
    }


def _info(service: str | None) -> dict[str, Any]:
    return {
        "title": f"Kedja: {service}" if service else "Kedja",
        "version": "1",
        "description": _ABOUT,
        "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    }


def _operations(
    service: str, endpoints: Sequence[Endpoint], components: Components
) -> list[tuple[Endpoint, dict[str, Any]]]:
    for endpoint in endpoints:  # answers first: their schemas keep their names
        if endpoint.returns:
            components.answer(endpoint.returns)
    return [(endpoint, _operation(service, endpoint, components)) for endpoint in endpoints]


def _operation(service: str, endpoint: Endpoint, components: Components) -> dict[str, Any]:
    summary, _, more = endpoint.summary.partition("\n")
    told = [more.strip(), who(endpoint), _ending(endpoint)]
    described: dict[str, Any] = {
        "operationId": f"{service}.{endpoint.name}",
        "summary": summary,
        "description": "\n\n".join(part for part in told if part),
        "tags": [service],
        "security": _security(endpoint),
        "parameters": _parameters(endpoint, components),
        "responses": responses.of(endpoint, components),
        "x-roles": roles(endpoint),
    }
    if endpoint.body:
        described["requestBody"] = _body(endpoint, components)
    return {**described, "deprecated": True} if endpoint.deprecated else described


def roles(endpoint: Endpoint) -> list[str]:
    """Return the roles whose tokens may hold what an endpoint demands; empty where no token is asked for."""
    return [name for name, role in sorted(access.roles().items()) if endpoint.scope in role.scopes]


def who(endpoint: Endpoint) -> str:
    """Say who may call an endpoint."""
    if endpoint.scope == access.PUBLIC:
        return "For anybody, without a token."
    if endpoint.scope == access.SESSION:
        return "For a respondent, with the session that a mail's code was exchanged for."
    limited = (
        " What is out of a caller's reach is answered as if it were not there." if endpoint.owner else ""
    )
    holders = ", ".join(roles(endpoint))
    return f"Needs the scope `{endpoint.scope}`, which these roles may hold: {holders}.{limited}"


def _ending(endpoint: Endpoint) -> str:
    end = endpoint.deprecated
    return f"Deprecated since {end.since}, goes on {end.ends} at the earliest. {end.instead}" if end else ""


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    if endpoint.scope == access.PUBLIC:
        return []
    return [{"session": []}] if endpoint.scope == access.SESSION else [{"bearer": [endpoint.scope]}]


def _parameters(endpoint: Endpoint, components: Components) -> list[dict[str, Any]]:
    rules = components.path(endpoint.path) if endpoint.path else {}
    path = [
        {
            "name": each.name,
            "in": "path",
            "required": True,
            "schema": {**each.schema, **rules.get(each.name, {})},
        }
        for each in endpoint.parameters
    ]
    query = list(components.query(endpoint.query)) if endpoint.query else []
    return [*path, *query, *headers.header_parameters(endpoint)]


def _body(endpoint: Endpoint, components: Components) -> dict[str, Any]:
    if isinstance(endpoint.body, Upload):
        content = {form: _file(endpoint.body.examples.get(form, {})) for form in endpoint.body.media_types}
    else:
        content = {"application/json": responses.media(components.body(endpoint.body), endpoint.body)}
    if endpoint.sheet:
        content[sheets.MEDIA_TYPE] = {"schema": {"type": "string"}, "example": endpoint.sheet.example}
    return {"required": True, "content": content}


def _file(examples: Mapping[str, str]) -> dict[str, Any]:
    """Describe a file: of text, with examples by name, or of bytes."""
    named = {name: {"value": text} for name, text in examples.items()}
    return {"schema": {"type": "string"}, "examples": named} if named else {"schema": {}}
