"""The AsyncAPI document: valid by the official schema, and true of the golden payloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from chassis import catalogue, outbox, topology
from chassis.catalogue import emitted as emits
from chassis.cli import cli
from chassis.db import Transaction
from chassis.events import Event
from chassis.installed import installed
from services.audits.events import SupplierRiskRescored as Rescored
from services.suppliers.service import SuppliersService as Suppliers
from tests.backbone import received
from tests.contracts.payloads import GOLDEN, golden

# From the npm package @asyncapi/specs 6.11.1 (Apache-2.0, see beside it)
SCHEMA = json.loads((Path(__file__).parent / "asyncapi-3.0.0" / "schema.json").read_text(encoding="utf-8"))
TELLS = {schema.type for entry in installed().values() for schema in emits(entry.load())}
TYPES = sorted(file.stem for file in GOLDEN.iterdir())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(CliRunner().invoke(cli, ["asyncapi"]).output)
    return shown


def faults(document: dict[str, Any]) -> list[str]:
    return [
        f"{'/'.join(map(str, e.path))}: {e.message}" for e in Draft7Validator(SCHEMA).iter_errors(document)
    ]


def payload_faults(document: dict[str, Any], event_type: str, payload: dict[str, Any]) -> list[str]:
    """What a reader who has only the document would find wrong with a payload."""
    [message] = document["channels"][event_type]["messages"].values()
    schema = message["payload"] | {"components": document["components"]}
    return [
        e.message for e in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(payload)
    ]


def test_the_document_is_valid_by_the_official_schema(document: dict[str, Any]) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert faults(document) == []
    assert faults(document | {"channels": {"x": {"address": 1}}}) != []


def test_what_kedja_asyncapi_prints_is_the_committed_document(document: dict[str, Any]) -> None:
    assert document == json.loads(catalogue.ASYNCAPI.read_text(encoding="utf-8"))


def test_every_event_type_has_a_channel_who_sends_it_and_each_queue_that_receives_it(
    document: dict[str, Any],
) -> None:
    def those(action: str) -> list[dict[str, Any]]:
        return [each for each in document["operations"].values() if each["action"] == action]

    def event_type(operation: dict[str, Any]) -> str:
        return str(operation["channel"]["$ref"].removeprefix("#/channels/"))

    assert sorted(document["channels"]) == sorted(map(event_type, those("send"))) == sorted(TELLS)
    bound = {(each["destination"], each["routing_key"]) for each in topology.load()["bindings"]}
    told = {(queue, name) for queue, name in bound if name in TELLS}
    assert {(each["title"], event_type(each)) for each in those("receive")} == told


def test_the_headers_of_an_event_are_what_the_document_says(
    document: dict[str, Any], tx: Transaction
) -> None:
    envelope = document["components"]["schemas"]["Envelope"]
    [schema] = [each for each in emits(Suppliers) if each.type == "category_changed"]
    cause = received(Rescored, golden(Rescored.type))
    data = golden(schema.type)
    outbox.emit(tx, [Event(schema=schema, subject="x", data=data, cause=cause, imported=True)])
    outbox.restate(tx, [Event(schema=schema, subject="x", data=data)])
    with tx.cursor() as cursor:
        cursor.execute("SELECT headers FROM outbox ORDER BY id")
        found = [row.headers for row in cursor]
    for headers in found:
        assert list(Draft202012Validator(envelope, format_checker=FormatChecker()).iter_errors(headers)) == []
        for name in envelope["required"]:
            less = {key: value for key, value in headers.items() if key != name}
            assert list(Draft202012Validator(envelope).iter_errors(less)) != []
    assert set(found[0]) | set(found[1]) == set(envelope["properties"])
    [message] = document["channels"][schema.type]["messages"].values()
    assert message["headers"] == {"$ref": "#/components/schemas/Envelope"}
    assert found[0][message["correlationId"]["location"].rpartition("/")[2]] == cause.correlation_id


@pytest.mark.parametrize("event_type", TYPES)
def test_a_golden_payload_is_what_the_document_says(document: dict[str, Any], event_type: str) -> None:
    assert payload_faults(document, event_type, golden(event_type)) == []
    assert payload_faults(document, event_type, golden(event_type) | {"added_later": 1}) != []
    assert payload_faults(document, event_type, {}) != []
