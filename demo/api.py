"""The services as the demo reaches them: their HTTP APIs, their ops ports, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import requests

from chassis import config

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = ("suppliers", "assessments", "audits", "notifications")
_SECONDS = 30
_AWAY, _CONFLICT = 503, 409
# longer than a mail rests whose sender was killed with it in hand (services/notifications/sending.toml)
PATIENCE_SECONDS = 100


class RefusedError(Exception):
    """A service has refused what the demo asked of it; the message holds its answer, `status` its code."""

    def __init__(self, message: str, status: int) -> None:
        """Keep the code apart: who can go on decides by it."""
        super().__init__(message)
        self.status = status


@cache
def office() -> str:
    """Return a token of the national office, as `kedja token` makes them for development."""
    command = [sys.executable, "-m", "chassis", "token", "--role", "national_office"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()


class Api:
    """One service's API. Thread-safe as requests' sessions are: one connection pool, no state of ours."""

    def __init__(self, service: str) -> None:
        """Find the service's addresses in its environment."""
        environment = config.environment(service)
        self.base = f"http://{environment['HTTP_ADDRESS']}/api/v1/{service}"
        self.ops = f"http://{environment['OPS_ADDRESS']}"
        self._session = requests.Session()
        self._session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        condition: dict[str, str] | None = None,
        **query: Any,
    ) -> Any:
        """Send one request and return the JSON of its answer.

        As the office unless a token is given. A service that is away is asked again for a while, as any
        client should do: with the same key for what is made, so that it is made once. Raises RefusedError for
        anything but 2xx in the end; a 409 to an action whose first answer was lost says that it was done.
        """
        headers = {"Authorization": f"Bearer {token or office()}", "Idempotency-Key": str(uuid4())}
        if method == "PUT" and not token:
            headers |= condition or {"If-Match": "*"}
        unsure, deadline = False, time.monotonic() + PATIENCE_SECONDS
        while True:
            response = self._try(method, path, json=body, params=query, headers=headers)
            if response is not None and response.status_code != _AWAY:
                break
            unsure = unsure or response is None
            if time.monotonic() > deadline:
                away = f"{method} {path}: the service has been away for {PATIENCE_SECONDS} s"
                raise RefusedError(away, _AWAY)
            time.sleep(0.5)
        if not response.ok and not (unsure and response.status_code == _CONFLICT):
            answer = f"{method} {path}: {response.status_code} {response.text[:500]}"
            raise RefusedError(answer, response.status_code)
        return response.json() if response.content else None

    def _try(self, method: str, path: str, **request: Any) -> requests.Response | None:
        try:
            return self._session.request(method, self.base + path, timeout=_SECONDS, **request)
        except (requests.ConnectionError, requests.Timeout):
            return None

    def put(self, path: str, body: object) -> None:
        """Write something whole, whether it is there or not."""
        try:
            self.call("PUT", path, body)
        except RefusedError as fault:
            if fault.status != HTTPStatus.PRECONDITION_FAILED:
                raise
            self.call("PUT", path, body, condition={"If-None-Match": "*"})

    def get(self, path: str, **query: Any) -> Any:
        """Return what a GET answers."""
        return self.call("GET", path, **query)

    def items(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield a list's items over all of its pages."""
        after: dict[str, Any] = {}
        while True:
            page = self.get(path, limit=500, **query, **after)
            yield from page["items"]
            if not page["next"]:
                return
            after = {"after": page["next"]}

    def backlog(self) -> dict[str, float]:
        """Return what waits in the service, from its ops port."""
        answer: dict[str, float] = requests.get(f"{self.ops}/backlog", timeout=_SECONDS).json()
        return answer


class Platform:
    """All four."""

    def __init__(self) -> None:
        """Find them all."""
        self.suppliers, self.assessments, self.audits, self.notifications = map(Api, SERVICES)

    def parked(self) -> int:
        """Return how many events are parked in all services together."""
        apis = (self.suppliers, self.assessments, self.audits, self.notifications)
        return int(sum(api.backlog()["parked"] for api in apis))
