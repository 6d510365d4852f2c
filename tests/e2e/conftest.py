"""The platform with a proxy before its broker, and what the chain stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deploy.local import admin as local_admin
from deploy.local import provision
from tests.e2e import scene, things
from tests.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def amqp(admin: local_admin.Admin, namespace: str, platform: Any) -> str:
    """The platform's vhost without a proxy: for what a test itself does at the broker."""
    return provision.urls(f"{namespace}_live", admin)["audits"]["AMQP_URL"]


@pytest.fixture(scope="session")
def broker(platform: Any, amqp: str) -> Iterator[Proxy]:
    """The services' way to the broker from here to the session's end: one restart, not one per test."""
    with Proxy(amqp) as proxy:
        for service, env in platform.env.items():
            env["AMQP_URL"] = proxy.url
            platform.stop(service)
            platform.start(service)
        for service in platform.env:
            platform.await_ready(service)
        yield proxy


@pytest.fixture(scope="session")
def furnished(platform: Any, broker: Proxy) -> Any:
    """The platform with everything that cases of `scene.supplier` need."""
    scene.load(platform)
    return platform


@pytest.fixture(scope="module")
def chain(furnished: Any) -> Any:
    """The same, whatever tests of other folders have brought in since."""
    scene.refresh(furnished)
    return furnished


@pytest.fixture(scope="session")
def own(furnished: Any) -> things.Things:
    """What belongs to the regions and the area of `things.bearer`."""
    return things.made(furnished, scene.CATEGORY, things.OWN_AREA, list(scene.BUYERS))


@pytest.fixture(scope="session")
def other(furnished: Any) -> things.Things:
    """What does not."""
    return things.made(furnished, things.OTHER_CATEGORY, things.OTHER_AREA, [things.OTHER_REGION])
