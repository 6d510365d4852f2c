"""The servers to work on, with their administrators' URLs: given by the environment, or private ones."""

import os
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from deploy.local.checkout import ENV, IDENTITY, SetupError, secret, write_private
from deploy.local.management import Management

_ENV = ENV / "admin.env"
PRIVATE = "kedja"  # the namespace on private servers


@dataclass(frozen=True)
class Admin:
    """Who may create databases, roles and vhosts. `amqp_url` has no vhost; passwords derive from `secret`."""

    database_url: str
    management_url: str
    amqp_url: str
    namespace: str
    secret: str

    def save(self) -> None:
        """Write `.run/env/admin.env`, for tests and for people."""
        write_private(
            _ENV,
            "# Administrators of the servers that this checkout uses (tests read it).\n"
            f"KEDJA_ADMIN_DATABASE_URL={self.database_url}\n"
            f"KEDJA_AMQP_ADMIN_URL={self.management_url}\n"
            f"KEDJA_AMQP_URL={self.amqp_url}\n"
            f"KEDJA_NAMESPACE={self.namespace}\n",
        )


def load() -> Admin:
    """The servers that the last `make infra` or `make up` used."""
    if not is_saved():
        raise SetupError("The servers are not set up: type `make infra`.")
    values = read_env(_ENV.read_text(encoding="utf-8"))
    return Admin(
        database_url=values["KEDJA_ADMIN_DATABASE_URL"],
        management_url=values["KEDJA_AMQP_ADMIN_URL"],
        amqp_url=values["KEDJA_AMQP_URL"],
        namespace=values["KEDJA_NAMESPACE"],
        secret=secret("provision"),
    )


def is_saved() -> bool:
    """Whether `load` has something to read."""
    return _ENV.exists()


def is_private(candidate: Admin) -> bool:
    """Whether the named servers are our own private ones: somebody has sourced `.run/env/admin.env`."""
    return is_saved() and load().namespace == PRIVATE and load().database_url == candidate.database_url


def read_env(text: str) -> dict[str, str]:
    """KEY=value lines -> dict; blank lines and comments are left out."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


def given() -> Admin | None:
    """The servers that the environment names, or None. Naming only one of the two is a mistake."""
    amqp = os.environ.get("KEDJA_AMQP_ADMIN_URL", "")
    database = os.environ.get("KEDJA_ADMIN_DATABASE_URL", "")
    if not amqp and not database:
        return None
    if not amqp or not database:
        here, missing = ("KEDJA_AMQP_ADMIN_URL", "KEDJA_ADMIN_DATABASE_URL")[:: 1 if amqp else -1]
        raise SetupError(
            f"{here} is set but {missing} is not: set both for your own servers, neither for private ones."
        )
    management = os.environ.get("KEDJA_RABBITMQ_MANAGEMENT_URL") or _management_url(amqp)
    return Admin(
        database_url=database,
        management_url=management,
        amqp_url=os.environ.get("KEDJA_AMQP_URL")
        or (amqp if amqp.startswith("amqp") else _amqp_url(management)),
        namespace=f"kedja_{IDENTITY}",  # a shared server may serve several checkouts
        secret=secret("provision"),
    )


def _management_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        return url.rstrip("/")
    if parts.scheme not in ("amqp", "amqps"):
        raise SetupError("KEDJA_AMQP_ADMIN_URL must begin with http://, https://, amqp:// or amqps://.")
    return f"http://{parts.netloc.rpartition('@')[0]}@{_host(url)}:15672"


def _amqp_url(management_url: str) -> str:
    """Where the broker behind a management API listens for AMQP."""
    listeners = {
        row["protocol"]: row["port"] for row in Management(management_url).get("/overview")["listeners"]
    }
    scheme, protocol = ("amqp", "amqp") if "amqp" in listeners else ("amqps", "amqp/ssl")
    user = urlsplit(management_url).netloc.rpartition("@")[0]
    return f"{scheme}://{user}@{_host(management_url)}:{listeners[protocol]}"


def _host(url: str) -> str:
    host = urlsplit(url).hostname or "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def with_login(url: str, user: str, password: str, path: str) -> str:
    """The same server for another user: `with_login("amqp://a:b@h:1", "u", "p", "v")` -> `amqp://u:p@h:1/v`."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    query = f"?{parts.query}" if parts.query else ""
    return (
        f"{parts.scheme}://{quote(user)}:{quote(password)}@{_host(url)}{port}/{quote(path, safe='')}{query}"
    )


def login(url: str) -> tuple[str, str]:
    """User and password of a URL."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")
