"""Everything that the API's document says, tried against running services, by Schemathesis and by hand."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.config import SchemathesisConfig

from tests.asking import SECONDS
from tests.contracts.documents import ENDPOINTS
from tests.tokens import OFFICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.harness import Platform

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# What answers that prove nothing: nobody is let in, or everybody is told to wait.
WRONG_TOKEN = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}
HOSTILE = [
    "0",
    "-1",
    "99999999999999999999999",
    "٢٠٢٦",
    "2026.0",
    "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "../../../etc/passwd",
    "..%2f..%2f",
    "a\x00b",
    "%00",
    "\ud7ff\U0010ffff",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "a\r\nX-Evil: 1",
    "x" * 5000,
    "null",
    " ",
]


@dataclass
class Trial:
    """Tries a document's operations; `seen` counts the answers: (operationId, status)."""

    platform: Platform
    document: dict[str, Any]
    known: Mapping[str, str]  # path parameter -> what is really there
    session: Mapping[str, str]  # header of a respondent's session
    seen: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the document."""
        config = SchemathesisConfig(color=False)
        self._schema = schemathesis.openapi.from_dict(self.document, config=config)
        self._http = requests.Session()

    def operations(self) -> Iterator[tuple[str, Any]]:
        """Give (operationId, operation)."""
        for result in self._schema.get_all_operations():
            operation = result.ok()
            yield operation.definition.raw["operationId"], operation

    def fuzz(self, name: str, operation: Any, mode: GenerationMode, seed: int, examples: int) -> None:
        """Send generated requests, some to what is there, and hold every answer against the document."""

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(
            case=operation.as_strategy(generation_mode=mode), there=hypothesis.strategies.booleans()
        )
        def answered(case: Any, there: bool) -> None:
            if there and mode is GenerationMode.POSITIVE:
                case.path_parameters = {**case.path_parameters, **self._path(operation)}
            self.send(name, case, self.authorization(name))

        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            answered()  # where nothing can be wrong, nothing wrong is sent

    def authorization(self, name: str) -> Mapping[str, str]:
        """Return the header with which an operation may be called."""
        return self.session if ENDPOINTS[name].scope == "session" else OFFICE

    def send(self, name: str, case: Any, headers: Mapping[str, str]) -> Any:
        """Send a case; fails where the answer is none of those that the document names."""
        service = name.partition(".")[0]
        response = case.call(
            base_url=self.platform.base(service), headers=dict(headers), session=self._http, timeout=SECONDS
        )
        status = response.status_code
        self.seen[name, status] = self.seen.get((name, status), 0) + 1
        case.validate_response(response, checks=CHECKS)
        return response

    def example(self, operation: Any, **changed: Any) -> Any:
        """Return the request of the document's examples, to what is really there."""
        content = operation.definition.raw.get("requestBody", {}).get("content", {})
        media_type, described = next(iter(content.items()), (None, {}))
        body = {"body": described["example"], "media_type": media_type} if "example" in described else {}
        query = {
            each.name: _example(each.definition["schema"]) for each in operation.query if each.is_required
        }
        return operation.Case(**{"path_parameters": self._path(operation), "query": query, **body, **changed})

    def hostile(self, operation: Any) -> Iterator[Any]:
        """Give requests with each hostile id in each part of the address that varies."""
        path = self._path(operation)
        for name in path:
            for value in HOSTILE:
                yield self.example(operation, path_parameters={**path, name: value})

    def _path(self, operation: Any) -> dict[str, str]:
        return {each.name: self.known[each.name] for each in operation.path_parameters}


def _example(schema: Mapping[str, Any]) -> Any:
    return schema["example"] if "example" in schema else schema["enum"][0]
