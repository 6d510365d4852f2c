"""The OpenAPI document: valid by the official schema, with an example of everything, true of all of them."""

from __future__ import annotations

import copy
import html
import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from marshmallow import RAISE, ValidationError

from chassis import access, cli_openapi, errors, outbox
from chassis.http import docs, openapi, outcomes
from chassis.http.endpoint import Endpoint
from chassis.uploads import Upload
from services.suppliers.imports import KINDS
from tests.contracts.documents import ENDPOINTS, SERVICES, faults, location, operations, printed, tight

# From the PyPI package openapi-spec-validator 0.9.0 (Apache-2.0, see beside it)
SCHEMA = json.loads((Path(__file__).parent / "openapi-3.1" / "schema.json").read_text(encoding="utf-8"))
MANUAL = Path(__file__).parents[2] / "docs" / "api.md"
PROBLEMS = [errors.ProblemError, *errors.ProblemError.__subclasses__()]
WITH_FILE = sorted(name for name, endpoint in ENDPOINTS.items() if isinstance(endpoint.body, Upload))
WITH_BODY = sorted(name for name, endpoint in ENDPOINTS.items() if endpoint.body and name not in WITH_FILE)
ANSWERED = sorted(name for name, endpoint in ENDPOINTS.items() if endpoint.returns)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return tight(printed())


def official_faults(document: dict[str, Any]) -> list[str]:
    return [
        f"{'/'.join(map(str, each.absolute_path))}: {each.message}"
        for each in Draft202012Validator(SCHEMA).iter_errors(document)
    ]


def described(document: dict[str, Any], name: str) -> dict[str, Any]:
    route, method = location(ENDPOINTS[name])
    operation: dict[str, Any] = document["paths"][route][method]
    return operation


def test_the_document_is_valid_by_the_official_schema(document: dict[str, Any]) -> None:
    assert official_faults(document) == []
    broken = copy.deepcopy(document)
    broken["paths"]["/api/v1/suppliers/suppliers"]["get"]["parameters"][0].pop("name")
    assert official_faults(broken) != []


def test_what_kedja_openapi_prints_is_the_committed_document() -> None:
    assert cli_openapi.FILE.read_text(encoding="utf-8") == cli_openapi.text()


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)))
    assert len(references) > 50
    for reference in references:
        found: Any = document
        for step in reference.split("/"):
            found = found[step]


def test_every_endpoint_is_an_operation_of_its_own_with_a_summary(document: dict[str, Any]) -> None:
    found = [name for name, _ in operations(document)]
    assert sorted(found) == sorted(ENDPOINTS)
    assert len(found) == len(set(found)) > 40
    for name, operation in operations(document):
        assert operation["summary"].endswith("."), name
        assert operation["tags"] == [name.partition(".")[0]]


@pytest.mark.parametrize("name", WITH_BODY)
def test_the_example_of_a_body_is_one(document: dict[str, Any], name: str) -> None:
    content = described(document, name)["requestBody"]["content"]["application/json"]
    assert ENDPOINTS[name].body().load(content["example"])
    assert faults(document, content["schema"], content["example"]) == []
    with pytest.raises(ValidationError, match="added_later"):
        ENDPOINTS[name].body().load({**content["example"], "added_later": 1})
    assert faults(document, content["schema"], {**content["example"], "added_later": 1}) != []
    assert faults(document, content["schema"], {}) != []


@pytest.mark.parametrize("name", WITH_FILE)
def test_the_examples_of_a_file_are_rows_of_its_kinds(document: dict[str, Any], name: str) -> None:
    content = described(document, name)["requestBody"]["content"]
    for kind in KINDS:
        [row] = content["application/x-ndjson"]["examples"][kind.name]["value"].splitlines()
        assert kind.schema().load(json.loads(row))
        head, _ = content["text/csv"]["examples"][kind.name]["value"].splitlines()
        assert head.split(",") == list(json.loads(row))


@pytest.mark.parametrize("name", ANSWERED)
def test_the_example_of_an_answer_is_one(document: dict[str, Any], name: str) -> None:
    endpoint = ENDPOINTS[name]
    content = described(document, name)["responses"][str(endpoint.status)]["content"]["application/json"]
    example, schema = content["example"], endpoint.returns
    assert schema is not None
    loaded = (
        schema(unknown=schema.Meta.unknown or RAISE).load(example)
        if hasattr(schema.Meta, "unknown")
        else schema().load(example)
    )
    assert orjson.loads(orjson.dumps(schema().dump(loaded), default=outbox.number)) == example
    assert faults(document, content["schema"], example) == []
    for member in example:
        less = {key: value for key, value in example.items() if key != member}
        assert faults(document, content["schema"], less) != [] or name.endswith(".get_openapi"), member


def test_lists_show_their_tables_as_they_are_written(document: dict[str, Any]) -> None:
    content = described(document, "suppliers.list_suppliers")["responses"]["200"]["content"]
    head, row, _ = content["text/csv"]["example"].split("\r\n")
    assert head.startswith("supplier_id,version,legal_name")
    assert "Exempelleverantör 017 AB" in row
    assert (
        json.loads(content["application/x-ndjson"]["example"])
        == content["application/json"]["example"]["items"][0]
    )


def statuses(document: dict[str, Any], name: str) -> set[int]:
    return set(map(int, described(document, name)["responses"]))


ALWAYS = {400, 401, 406, 408, 414, 429, 431, 500, 503}


def test_an_operation_names_exactly_what_its_declaration_can_lead_to(document: dict[str, Any]) -> None:
    expected = {
        "suppliers.post_supplier": {201, 403, 409, 413, 415, 422},
        "suppliers.get_supplier": {200, 304, 403, 404},
        "suppliers.list_suppliers": {200, 304, 403, 422},
        "suppliers.put_supplier": {200, 403, 404, 409, 412, 413, 415, 422, 428},
        "suppliers.post_status": {200, 403, 404, 409, 412, 413, 415, 422, 428},
        "suppliers.put_category": {200, 201, 403, 404, 412, 413, 415, 422, 428},
        "notifications.delete_recipient": {204, 403, 404, 412, 428},
        "assessments.post_review": {200, 403, 404, 409},
        "assessments.get_page": {200, 304},
        "assessments.put_answers": {200, 409, 413, 415, 422},
        "assessments.post_session": {200, 413, 415, 422},
        "audits.get_openapi": {200, 304},
    }
    assert {name: statuses(document, name) - ALWAYS for name in expected} == expected
    assert all(statuses(document, name) >= ALWAYS for name in ENDPOINTS)


def test_every_refusal_there_is_can_be_documented() -> None:
    documented = {kind for kind, _ in outcomes.RULES}
    assert set(PROBLEMS) - documented == {errors.MethodNotAllowed}  # of an address, not of an operation


def test_what_a_use_case_refuses_beside_is_documented_once_it_is_declared() -> None:
    plain = Endpoint(method="GET", route="/api/v1/things/x", scope="public")
    declared = Endpoint(method="GET", route="/api/v1/things/x", scope="public", raises=(errors.Conflict,))
    assert set(outcomes.refusals(declared)) - set(outcomes.refusals(plain)) == {errors.Conflict}


def test_security_and_roles_are_those_of_access_toml(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        scope = ENDPOINTS[name].scope
        expected = {"public": [], "session": [{"session": []}]}.get(scope, [{"bearer": [scope]}])
        assert operation["security"] == expected
        assert operation["x-roles"] == sorted(n for n, role in access.roles().items() if scope in role.scopes)
        assert bool(operation["x-roles"]) == (scope not in {"public", "session"})


def parameters(document: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    resolved = [
        document["components"]["parameters"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each
        for each in described(document, name)["parameters"]
    ]
    return {f"{each['in']} {each['name']}": each for each in resolved}


def test_parameters_say_what_they_take(document: dict[str, Any]) -> None:
    year = parameters(document, "suppliers.get_country_index")["path year"]["schema"]
    assert year == {"type": "integer", "minimum": 1990, "maximum": 2100}
    listed = parameters(document, "suppliers.list_suppliers")
    assert listed["query limit"]["schema"] == {
        "type": "integer",
        "default": 100,
        "minimum": 1,
        "maximum": 500,
    }
    sorts = ["legal_name", "-legal_name", "registered_at", "-registered_at"]
    assert listed["query sort"]["schema"] == {"type": "string", "enum": sorts}
    assert listed["query status"]["schema"] == {"type": "string", "enum": ["active", "inactive", "archived"]}
    assert "query sort" not in parameters(document, "suppliers.list_risk_history")
    assert parameters(document, "suppliers.post_supplier")["header Idempotency-Key"]["required"] is True
    assert {"header If-Match", "header If-None-Match"} <= set(parameters(document, "suppliers.put_category"))
    assert "header If-None-Match" not in parameters(document, "suppliers.put_supplier")
    category = parameters(document, "suppliers.put_category")["path category_id"]["schema"]
    assert category["pattern"].startswith("^(?=.{1,100}$)")
    kinds = ["region", "national_office", "auditor"]
    assert parameters(document, "notifications.get_recipient")["path kind"]["schema"]["enum"] == kinds
    assert "header If-Match" not in parameters(document, "suppliers.get_supplier")


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_the_page_shows_every_endpoint_and_needs_nothing_from_elsewhere(service: str) -> None:
    document = json.loads(json.dumps(printed()))
    own = {
        path: methods for path, methods in document["paths"].items() if path.startswith(f"/api/v1/{service}/")
    }
    page = html.unescape(docs.page({**document, "paths": own}))
    for endpoint in (each for name, each in ENDPOINTS.items() if name.startswith(f"{service}.")):
        assert f'<section id="{endpoint.name}"' in page
        assert endpoint.route in page
        assert openapi.who(endpoint).partition("`")[0] in page
    assert not re.search(
        r"<script|<img|<link|@import|url\(|https?://", page.replace("https://kedja.example", "")
    )
    anchors, targets = set(re.findall(r'href="#([^"]+)"', page)), set(re.findall(r'\sid="([^"]+)"', page))
    assert anchors
    assert anchors - targets == set()


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda kind: kind.name)
def test_every_problem_has_a_section_in_the_manual_with_its_status(
    problem: type[errors.ProblemError],
) -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    assert f"\n### `{problem.name}` ({problem.status})\n" in manual


def test_the_server_before_the_services_refuses_in_words_of_the_manual_too() -> None:
    edge = (MANUAL.parents[1] / "deploy" / "nginx" / "problems.conf").read_text(encoding="utf-8")
    told = re.findall(r'"urn:kedja:problem:([a-z-]+)","title":"[^"]+","status":(\d+)', edge)
    assert len(told) > 5
    manual = MANUAL.read_text(encoding="utf-8")
    assert [name for name, status in told if f"\n### `{name}` ({status})\n" not in manual] == []


def test_what_is_refused_before_it_is_counted_promises_no_rate():
    document = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
    components = document["components"]

    def promised(name):
        given = components["responses"][name]["headers"]
        names = {header: each["$ref"].rpartition("/")[2] for header, each in given.items()}
        return {header for header, name in names.items() if components["headers"][name]["required"]}

    assert promised("Unauthorized") == {"X-Correlation-ID", "WWW-Authenticate"}
    assert promised("UriTooLong") == promised("Malformed") == {"X-Correlation-ID"}
    assert promised("Forbidden") == {"X-Correlation-ID", "RateLimit", "RateLimit-Policy"}
