"""What runs, where, and whether it is ready."""

import http.client
from datetime import timedelta
from typing import Any

from deploy.local import admin, ports, supervision
from deploy.local.checkout import SERVICES
from deploy.local.console import say

_COLUMNS = "{:<14} {:<9} {:>7} {:>9}  {:<26} {}"


def print_table() -> int:
    """Print a row per process; exit status 0 if all run and are ready, else 3."""
    infos = supervision.infos()
    if not infos:
        say("Nothing runs. Type `make up`.")
        return 3
    say(_COLUMNS.format("process", "state", "pid", "up for", "url", "readiness"))
    rows = [_row(info) for info in sorted(infos, key=lambda info: (info["group"], info["name"]))]
    say(*(_COLUMNS.format(*row) for row in rows))
    return 0 if all(row[1] == "running" and row[5] != "not ready" for row in rows) else 3


def print_urls() -> None:
    """Print where to go."""
    chosen = ports.kept()
    say("Kedja is up:")
    say(*(f"  {service:<14} http://127.0.0.1:{chosen[service]}" for service in SERVICES))
    say(
        "  mails          .run/mail (a file each)",
        f"  RabbitMQ       {_without_login(admin.load().management_url)}",
    )


def is_ready(service: str) -> bool:
    """Whether the service's ops port says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", ports.kept()[f"{service}_ops"], timeout=3)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _row(info: dict[str, Any]) -> list[str]:
    name, running = str(info["name"]), bool(info["pid"])
    age = str(timedelta(seconds=info["now"] - info["start"])) if running else "-"
    pid = str(info["pid"]) if running else "-"
    return [name, str(info["statename"]).lower(), pid, age, _url(name), _readiness(name) if running else "-"]


def _readiness(name: str) -> str:
    if name not in SERVICES:
        return "-"
    return "ready" if is_ready(name) else "not ready"


def _url(name: str) -> str:
    chosen = ports.kept()
    if name in SERVICES:
        return f"http://127.0.0.1:{chosen[name]}"
    if name == "mailsink":
        return f"smtp://127.0.0.1:{chosen['smtp']}"
    if name == "rabbitmq":
        return f"http://127.0.0.1:{chosen['management']}"
    return f"127.0.0.1:{chosen[name]}"


def _without_login(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]} (login: .run/env/admin.env)"
