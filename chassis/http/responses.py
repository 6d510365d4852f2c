"""What an operation's documentation says of headers and answers: those that succeed, and every refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import errors
from chassis.http import exporting, outcomes
from chassis.http.answering import MOST_FAULTS, PROBLEM_TYPES
from chassis.http.headers import ALWAYS, ETAG_OF_PAGES, TEXT, Named, headers, of_refusal
from chassis.http.idempotency import REPLAYED
from chassis.tables.media import CSV, NDJSON
from chassis.tables.writing import example_of

if TYPE_CHECKING:
    from chassis.http.components import Components
    from chassis.http.endpoint import Endpoint

    Described = dict[str, Any]

_PAGE: Described = {"text/html": {"schema": TEXT}}
_URN = {"type": "string", "format": "uri", "description": "Stable; docs/api.md has a section for each."}
_PROBLEM: Described = {
    "type": "object",
    "description": "A refusal (RFC 9457). Compare `type`; show `detail` to a person.",
    "required": ["type", "title", "status", "detail"],
    "properties": {"type": _URN, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT},
}
_FAULT = {
    "type": "object",
    "required": ["pointer", "detail"],
    "properties": {
        "pointer": {
            **TEXT,
            "description": "A JSON pointer into the body; ?name of the query, {name} of the address.",
        },
        "detail": TEXT,
    },
}
SCHEMAS: Described = {"Fault": _FAULT, "Problem": _PROBLEM}
_A_FAULT = {"pointer": "/contacts/0/email", "detail": "Missing data for required field."}


def refusals() -> Described:
    """Return every refusal as a component."""
    return {outcomes.called(kind): _refusal(kind) for kind, _ in outcomes.RULES}


def _refusal(kind: type[errors.ProblemError]) -> Described:
    example: Described = {
        "type": PROBLEM_TYPES + kind.name,
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail,
    }
    says: Described = {"type": {"const": example["type"]}, "status": {"const": kind.status}}
    schema: Described = {"allOf": [{"$ref": "#/components/schemas/Problem"}], "properties": says}
    if kind is errors.Invalid:
        says["errors"] = {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Fault"},
            "maxItems": MOST_FAULTS + 1,
            "description": "In the order of their pointers; beyond so many the last one says how many more.",
        }
        schema["required"] = ["errors"]
        example["errors"] = [_A_FAULT]
    return {
        "description": f"{kind.title}: `{example['type']}`.",
        "headers": of_refusal(kind),
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }


def of(endpoint: Endpoint, components: Components) -> Described:
    """Return an operation's responses by status."""
    found = _successes(endpoint, components)
    for kind in outcomes.refusals(endpoint):
        found[str(kind.status)] = {"$ref": f"#/components/responses/{outcomes.called(kind)}"}
    return dict(sorted(found.items()))


def _successes(endpoint: Endpoint, components: Components) -> Described:
    if endpoint.returns is None and not endpoint.html:
        return {
            "204": {"description": "Done; nothing to say.", "headers": headers(*ALWAYS, *_ends(endpoint))}
        }
    response = {
        "description": "Made." if endpoint.keyed else "As asked.",
        "headers": headers(*_names(endpoint)),
        "content": _content(endpoint, components),
    }
    found: Described = {str(endpoint.status): response}
    if endpoint.creates and not endpoint.keyed:
        found["201"] = {**response, "description": "Made, as nothing was there."}
    if endpoint.method == "GET":
        known = {
            "description": "You have this already.",
            "headers": headers(*ALWAYS, "ETag", *_ends(endpoint)),
        }
        found["304"] = known
    return found


def _ends(endpoint: Endpoint) -> tuple[str, ...]:
    return ("Deprecation", "Sunset", "Link") if endpoint.deprecated else ()


def _names(endpoint: Endpoint) -> list[Named]:
    names: list[Named] = [*ALWAYS, *_ends(endpoint)]
    exported = bool(exporting.forms(endpoint))
    told: dict[Named, bool] = {
        "ETag": (endpoint.versioned or endpoint.method == "GET") and not exported,
        ETAG_OF_PAGES: exported,
        "Location": bool(endpoint.location),
        "Link": endpoint.pages is not None,
        REPLAYED: endpoint.keyed,
        "Content-Disposition": exported,
    }
    return [*names, *(name for name, applies in told.items() if applies and name not in names)]


def _content(endpoint: Endpoint, components: Components) -> Described:
    if endpoint.html and not endpoint.both:
        return _PAGE
    assert endpoint.returns is not None, "asked before"  # noqa: S101
    shown = media(components.answer(endpoint.returns), endpoint.returns)
    content: Described = {"application/json": shown, **(_PAGE if endpoint.both else {})}
    for form in exporting.forms(endpoint):
        content[form] = _table(form, endpoint)
    return content


def media(schema: Described, cls: Any) -> Described:
    """Return a media type's description: its schema, and the example that stands at the class."""
    return {"schema": schema, "example": cls.example} if hasattr(cls, "example") else {"schema": schema}


def _table(form: str, endpoint: Endpoint) -> Described:
    """Describe an export, with a list's example; a workbook is no text."""
    if form not in {CSV, NDJSON}:
        return {"schema": {}}
    item = endpoint.item
    shown = {"example": example_of(form, item)} if item and hasattr(item, "example") else {}
    return {"schema": TEXT, **shown}
