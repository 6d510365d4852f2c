"""A namespace on real servers: what each service may reach, and that nothing else is touched."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg2
import pytest
from kombu import Connection

from deploy.local import provision
from deploy.local.management import Management
from tests.backbone import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local.admin import Admin


@pytest.fixture
def space(admin: Admin) -> Iterator[str]:
    name = f"{admin.namespace}_provision_{os.getpid()}"
    yield name
    provision.drop(name, admin)


def databases(admin: Admin, namespace: str) -> list[str]:
    with closing(psycopg2.connect(admin.database_url)) as conn, conn.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [namespace]
        )
        return [name for (name,) in cursor.fetchall()]


def test_provisioning_twice_answers_the_same_urls_and_they_work(admin: Admin, space: str) -> None:
    urls = provision.provision(space, admin)
    assert provision.provision(space, admin) == urls == provision.urls(space, admin)
    psycopg2.connect(urls["audits"]["DATABASE_URL"]).close()
    with Connection(urls["audits"]["AMQP_URL"]) as broker, broker.channel() as channel:
        channel.exchange_declare("tried", "topic", durable=False)
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, "tried", "all")
        channel.basic_publish(channel.prepare_message(b"hello"), "tried", "all")
        assert wait_until(lambda: channel.basic_get(queue)).body == b"hello"


def test_a_service_cannot_connect_to_another_services_database(admin: Admin, space: str) -> None:
    own = provision.provision_databases(space, admin)["audits"]
    server, _, _ = own.rpartition("/")
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(f"{server}/{space}_suppliers")


def test_a_namespaces_user_cannot_enter_another_vhost(admin: Admin, space: str) -> None:
    server, _, _ = provision.provision_vhost(space, admin).rpartition("/")
    with Connection(f"{server}/%2F") as broker, pytest.raises(Exception, match=r"NOT_ALLOWED|refused"):
        broker.connect()


@pytest.mark.slow
def test_dropping_a_namespace_leaves_one_whose_name_begins_alike(admin: Admin, space: str) -> None:
    sibling = f"{space}_b"
    provision.provision(space, admin)
    provision.provision(sibling, admin)
    provision.drop(space, admin)
    left = [f"{sibling}_{service}" for service in ("assessments", "audits", "notifications", "suppliers")]
    assert databases(admin, space) == left
    vhosts = [row["name"] for row in Management(admin.management_url).get("/vhosts")]
    assert [name for name in vhosts if name.startswith(space)] == [sibling]
    provision.drop_all(space, admin)
    assert databases(admin, space) == []
