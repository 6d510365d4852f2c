"""A database and role per service, and a vhost with one user, for one namespace. Idempotent.

>>> urls = provision("kedja_test", admin.load())
>>> urls["suppliers"]
{'DATABASE_URL': 'postgresql://…/kedja_test_suppliers', 'AMQP_URL': 'amqp://…/kedja_test'}
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from deploy.local.admin import Admin, with_login
from deploy.local.checkout import SERVICES, SetupError
from deploy.local.management import Management


def provision(namespace: str, admin: Admin) -> dict[str, dict[str, str]]:
    """Create what is missing; service -> {DATABASE_URL, AMQP_URL}. The same from call to call."""
    provision_databases(namespace, admin)
    provision_vhost(namespace, admin)
    return urls(namespace, admin)


def urls(namespace: str, admin: Admin) -> dict[str, dict[str, str]]:
    """Return what `provision` answers, without asking any server."""
    vhost = _vhost_url(namespace, admin)
    return {
        name: {"DATABASE_URL": _database_url(namespace, name, admin), "AMQP_URL": vhost} for name in SERVICES
    }


def provision_databases(namespace: str, admin: Admin) -> dict[str, str]:
    """Create a database `<namespace>_<service>` per service, owned by a role of that name: service -> URL."""
    with _connected(admin) as db:
        for service in SERVICES:
            name = _checked(f"{namespace}_{service}")
            _create_role(db, name, _password(admin, name))
            _create_database(db, name)
    return {service: _database_url(namespace, service, admin) for service in SERVICES}


def provision_vhost(namespace: str, admin: Admin) -> str:
    """Create a vhost `<namespace>` and a user of that name, who may do all there and only there: its URL."""
    name = _checked(namespace)
    broker = Management(admin.management_url)
    broker.put(f"/vhosts/{name}", {})
    broker.put(f"/users/{name}", {"password": _password(admin, name), "tags": ""})
    broker.put(f"/permissions/{name}/{name}", {"configure": ".*", "write": ".*", "read": ".*"})
    return _vhost_url(name, admin)


def check_database(admin: Admin) -> None:
    """Raise SetupError unless the administrator can connect to PostgreSQL."""
    with _connected(admin):
        pass


def check_broker(admin: Admin) -> None:
    """Raise SetupError unless RabbitMQ's management API lets the administrator in."""
    Management(admin.management_url).get("/whoami")


def drop(namespace: str, admin: Admin) -> None:
    """Remove a namespace's databases, roles, vhost and user, whatever uses them."""
    _drop(lambda name: name == namespace or name in {f"{namespace}_{service}" for service in SERVICES}, admin)


def drop_all(namespace: str, admin: Admin) -> None:
    """Remove a namespace and all that begin with it, also those that tests made and could not remove."""
    _drop(lambda name: name == namespace or name.startswith(f"{namespace}_"), admin)


def _drop(is_meant: Callable[[str], bool], admin: Admin) -> None:
    with _connected(admin) as db:
        for name in filter(is_meant, _names(db, "SELECT datname FROM pg_database")):
            _execute(db, "DROP DATABASE IF EXISTS {name} WITH (FORCE)", name)
        for name in filter(is_meant, _names(db, "SELECT rolname FROM pg_roles")):
            _execute(db, "DROP ROLE IF EXISTS {name}", name)
    broker = Management(admin.management_url)
    for kind in ("vhosts", "users"):
        for name in filter(is_meant, [row["name"] for row in broker.get(f"/{kind}?columns=name")]):
            broker.delete(f"/{kind}/{name}")


def _vhost_url(namespace: str, admin: Admin) -> str:
    return with_login(admin.amqp_url, namespace, _password(admin, namespace), namespace)


def _database_url(namespace: str, service: str, admin: Admin) -> str:
    name = f"{namespace}_{service}"
    return with_login(admin.database_url, name, _password(admin, name), name)


@contextmanager
def _connected(admin: Admin) -> Iterator[connection]:
    try:
        opened = psycopg2.connect(admin.database_url, connect_timeout=10)
    except psycopg2.OperationalError as fault:
        raise SetupError(f"PostgreSQL's administrator can't connect: {str(fault).strip()}") from None
    with closing(opened):
        opened.autocommit = True  # CREATE DATABASE refuses a transaction
        yield opened


def _create_role(db: connection, name: str, password: str) -> None:
    verb = "ALTER" if _exists(db, "SELECT 1 FROM pg_roles WHERE rolname = %s", name) else "CREATE"
    statement = sql.SQL(verb + " ROLE {role} LOGIN PASSWORD {password}")
    with db.cursor() as cursor:
        cursor.execute(statement.format(role=sql.Identifier(name), password=sql.Literal(password)))


def _create_database(db: connection, name: str) -> None:
    if not _exists(db, "SELECT 1 FROM pg_database WHERE datname = %s", name):
        if not _exists(db, "SELECT 1 FROM pg_roles WHERE rolname = current_user AND rolsuper"):
            _execute(
                db, "GRANT {name} TO CURRENT_USER", name
            )  # else only a superuser may give a database away
        _execute(db, "CREATE DATABASE {name} OWNER {name} TEMPLATE template0 ENCODING 'UTF8'", name)
    _execute(db, "REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC", name)


def _names(db: connection, query: str) -> list[str]:
    with db.cursor() as cursor:
        cursor.execute(query)
        return [name for (name,) in cursor.fetchall()]


def _exists(db: connection, query: str, *values: str) -> bool:
    with db.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone() is not None


def _execute(db: connection, statement: str, name: str) -> None:
    with db.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(name=sql.Identifier(name)))


def _password(admin: Admin, name: str) -> str:
    """Derived, not stored: a second call, from anywhere in this checkout, gives the same."""
    return hmac.new(admin.secret.encode(), name.encode(), hashlib.sha256).hexdigest()[:40]


def _checked(name: str) -> str:
    """A name fit for a database, a role, a vhost and a URL, and that nothing else on the servers has."""
    if not re.fullmatch(r"kedja[a-z0-9_]{0,58}", name):
        raise SetupError(f"A namespace begins with kedja and has only a-z, 0-9 and _ (63 at most): {name!r}.")
    return name
