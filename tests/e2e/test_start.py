"""Starting in any order: a service waits for what it stands on, and needs nobody to start it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from chassis import migrate, topology
from deploy.local import provision
from tests.backbone import wait_until
from tests.harness import Platform
from tests.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.local.admin import Admin

QUEUE = "audits.policy"


@pytest.fixture
def early(admin: Admin, namespace: str, tmp_path: Path) -> Iterator[tuple[Platform, Proxy]]:
    """An audits service on a vhost without queues, behind a proxy that refuses: not started yet."""
    name = f"{namespace}_early"
    urls = provision.provision(name, admin)["audits"]
    migrate.migrate(urls["DATABASE_URL"], "audits")
    with Proxy(urls["AMQP_URL"]) as proxy:
        proxy.refuse()
        lonely = Platform({"audits": urls | {"AMQP_URL": proxy.url}}, tmp_path)
        lonely.smtp.start()
        yield lonely, proxy
        lonely.stop_all()
    provision.drop(name, admin)


def readiness(lonely: Platform) -> tuple[int, dict[str, bool]]:
    """What /readyz answers; nothing while the process starts."""
    try:
        answer = lonely.ops("audits", "/readyz")
    except requests.ConnectionError:
        return 0, {}
    return answer.status_code, answer.json()


@pytest.mark.slow
def test_a_service_started_before_broker_and_queues_becomes_ready_by_itself(
    early: tuple[Platform, Proxy], admin: Admin, namespace: str
) -> None:
    lonely, proxy = early
    lonely.start("audits")
    process = lonely.processes["audits"]
    queues = (QUEUE, "audits.suppliers", "audits.categories")
    alone: dict[str, Any] = {"database": True, "relay": False, **dict.fromkeys(queues, False)}
    wait_until(lambda: readiness(lonely) == (503, alone))
    assert lonely.get("audits", "/auditors") == {"items": [], "next": None}

    proxy.restore()
    wait_until(lambda: readiness(lonely) == (503, alone | {"relay": True}))

    topology.apply(provision.urls(f"{namespace}_early", admin)["audits"]["AMQP_URL"])
    wait_until(lambda: readiness(lonely) == (200, dict.fromkeys(alone, True)))
    assert process.poll() is None
