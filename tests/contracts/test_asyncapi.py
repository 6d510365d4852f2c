"""The AsyncAPI document: valid by the official schema, and true of the golden payloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from chassis import catalogue
from chassis.cli import cli
from tests.contracts.payloads import GOLDEN, golden

# From the npm package @asyncapi/specs 6.11.1 (Apache-2.0, see beside it)
SCHEMA = json.loads((Path(__file__).parent / "asyncapi-3.0.0" / "schema.json").read_text(encoding="utf-8"))
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


def test_every_event_type_has_a_channel_and_an_operation(document: dict[str, Any]) -> None:
    assert sorted(document["channels"]) == sorted(document["operations"]) == TYPES


@pytest.mark.parametrize("event_type", TYPES)
def test_a_golden_payload_is_what_the_document_says(document: dict[str, Any], event_type: str) -> None:
    assert payload_faults(document, event_type, golden(event_type)) == []
    assert payload_faults(document, event_type, golden(event_type) | {"added_later": 1}) != []
    assert payload_faults(document, event_type, {}) != []
