"""RabbitMQ's management API, as much as provisioning needs."""

import base64
import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from deploy.local.checkout import SetupError

_opener = build_opener(ProxyHandler({}))  # a broker is never behind the machine's web proxy


class Management:
    """The API at `url` (http[s]://user:password@host:port)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/api"
        login = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
            "Content-Type": "application/json",
        }

    def get(self, path: str) -> Any:
        """Read one resource."""
        return self._call("GET", path)

    def put(self, path: str, body: dict[str, Any]) -> None:
        """Create or replace one resource."""
        self._call("PUT", path, body)

    def delete(self, path: str) -> None:
        """Delete one resource; it may be absent."""
        self._call("DELETE", path, absent_is_fine=True)

    def listens(self, port: int) -> bool:
        """Whether the broker is up and accepts connections on this port."""
        try:
            return bool(self.get(f"/health/checks/port-listener/{port}")["status"] == "ok")
        except SetupError:
            return False

    def _call(self, method: str, path: str, body: Any = None, absent_is_fine: bool = False) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._base + path, data, self._headers, method=method)  # noqa: S310  checked by admin.py
        try:
            with _opener.open(request, timeout=10) as answer:
                text = answer.read()
        except HTTPError as refused:
            if refused.code == 404 and absent_is_fine:
                return None
            raise SetupError(
                f"RabbitMQ's management API refused {method} {path}: {refused.code} {refused.reason}."
            ) from None
        except (URLError, OSError) as fault:
            raise SetupError(
                f"RabbitMQ's management API at {self._base} can't be reached "
                f"({getattr(fault, 'reason', fault)}): "
                "type `rabbitmq-plugins enable rabbitmq_management` there, "
                "or set KEDJA_RABBITMQ_MANAGEMENT_URL to where it is."
            ) from None
        return json.loads(text) if text else None
