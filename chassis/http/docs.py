"""A service's OpenAPI document, as it is and as a page for people: without scripts or foreign parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from markupsafe import Markup, escape
from marshmallow import INCLUDE, Schema, fields

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEMPLATE = Path(__file__).with_name("docs.html").read_text(encoding="utf-8")


class OpenApi(Schema):
    """An OpenAPI 3.1 document."""

    class Meta:
        """The parts are as OpenAPI has them."""

        unknown = INCLUDE

    openapi = fields.String()
    info = fields.Dict()
    servers = fields.List(fields.Dict())
    tags = fields.List(fields.Dict())
    paths = fields.Dict()
    components = fields.Dict()

    example: ClassVar[dict[str, Any]] = {
        "openapi": "3.1.0",
        "info": {"title": "Kedja: suppliers", "version": "1"},
        "servers": [{"url": "/"}],
        "tags": [],
        "paths": {},
        "components": {},
    }


def page(document: dict[str, Any]) -> str:
    """Return the page that shows a document of one service."""
    import jinja2  # noqa: PLC0415  2 MB, which a service takes only when somebody reads the page

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["json"] = _json
    environment.filters["kind"] = _kind
    environment.filters["marked"] = _marked
    template = environment.from_string(_TEMPLATE)
    return template.render(
        document=document, operations=list(_operations(document)), resolve=_resolver(document)
    )


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield {
                **operation,
                "path": path,
                "method": method.upper(),
                "id": operation["operationId"].partition(".")[2],
            }


def _resolver(document: dict[str, Any]) -> Any:
    def resolve(part: dict[str, Any]) -> dict[str, Any]:
        """Return what a reference stands for."""
        found: Any = document
        if "$ref" not in part:
            return part
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found  # type: ignore[no-any-return]

    return resolve


def _json(value: Any) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _marked(text: str) -> Markup:
    """Return Markdown's `code` as HTML; all else is text."""
    whole = Markup()
    for place, part in enumerate(text.split("`")):
        whole += Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
    return whole


def _kind(schema: dict[str, Any]) -> str:
    """Say in a few words what a schema lets through."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    kinds = schema.get("type", "anything")
    words = [" or ".join(kinds) if isinstance(kinds, list) else str(kinds)]
    words += [str(schema["format"])] if "format" in schema else []
    if "items" in schema:
        words.append(f"of {_kind(schema['items'])}")
    if "enum" in schema:
        words.append("one of " + ", ".join(map(str, schema["enum"])))
    if "const" in schema:
        words.append(f"just {schema['const']}")
    if "minimum" in schema or "maximum" in schema:
        words.append(f"{schema.get('minimum', '')}–{schema.get('maximum', '')}")
    if "default" in schema:
        words.append(f"(unless told: {schema['default']})")
    return " ".join(words)
