"""Asking the tests' own service exactly as a test says: nothing is added but a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests

from tests.asking import SECONDS
from tests.tokens import OFFICE

if TYPE_CHECKING:
    from tests.harness import Platform

KEY = "Idempotency-Key"


def send(
    platform: Platform, method: str, path: str, body: object = None, headers: dict[str, Any] | None = None
) -> requests.Response:
    """Send a request as the office; a header that is None is left out."""
    sent = {} if body is None else {"data": json.dumps(body)}
    typed = {} if body is None else {"Content-Type": "application/json"}
    return requests.request(
        method,
        platform.url("things", path),
        headers={**OFFICE, **typed, **(headers or {})},
        timeout=SECONDS,
        **sent,
    )


def told(response: requests.Response) -> tuple[int, str]:
    """Return the status and the kind of a problem."""
    return response.status_code, response.json()["type"].removeprefix("urn:kedja:problem:")
