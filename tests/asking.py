"""Asking a service as its clients do: a token, a key for what is made, a condition for what is changed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import requests

from tests.tokens import OFFICE

SECONDS = 20


def ask(
    method: str, url: str, *, headers: dict[str, str] | None = None, timeout: float = SECONDS, **request: Any
) -> requests.Response:
    """Send a request: as the office, and writing over what is there, unless the headers say otherwise."""
    given = {**OFFICE, **_usual(method), **(headers or {})}
    response = requests.request(method, url, headers=given, timeout=timeout, **request)
    if response.status_code == 412 and not {"If-Match", "If-None-Match"} & set(headers or {}):
        del given["If-Match"]
        given["If-None-Match"] = "*"
        response = requests.request(method, url, headers=given, timeout=timeout, **request)
    return response


def _usual(method: str) -> dict[str, str]:
    if method == "POST":
        return {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
    return {"If-Match": "*"} if method in {"PUT", "PATCH", "DELETE"} else {}
