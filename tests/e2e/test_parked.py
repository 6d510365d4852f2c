"""Events that nobody can read: parked with their reason, and in nobody's way."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import amqp as wire
import pytest

from chassis import broker
from chassis.ids import uuid7
from tests import backbone
from tests.backbone import wait_until
from tests.contracts.payloads import golden
from tests.e2e import people
from tests.e2e.outcome import await_outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def kedja(chain: Any, *arguments: str, check: bool = True) -> str:
    """What the command line prints about the platform's services."""
    env = {**os.environ, "KEDJA_ENV_DIR": str(chain.folder), "COLUMNS": "400"}
    command = [sys.executable, "-m", "chassis", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=check).stdout


@pytest.fixture
def publish(chain: Any, amqp: str) -> Iterator[Callable[[str, str, bytes, dict[str, Any]], None]]:
    """Publish as a broken producer would; what is parked because of it is discarded after the test."""
    published: list[tuple[str, str]] = []
    with broker.channel(amqp) as channel:

        def publish(service: str, queue: str, body: bytes, headers: dict[str, Any]) -> None:
            published.append((service, headers["cloudEvents_id"]))
            channel.basic_publish(wire.Message(body, application_headers=headers), "", queue)

        yield publish
    for service, event in published:
        kedja(chain, "parked", "discard", service, event, "--reason", "a test's own", check=False)


def parked(chain: Any, service: str) -> int:
    return int(chain.ops(service, "/backlog").json()["parked"])


def test_a_malformed_event_is_parked_with_its_reason_and_the_events_beside_it_are_handled(
    chain: Any, publish: Callable[..., None]
) -> None:
    cases = people.ready_to_complete(chain, 8)
    before = {service: parked(chain, service) for service in ("audits", "notifications")}
    rescored, undated = str(uuid7()), str(uuid7())

    def break_in() -> None:
        worst = backbone.body(golden("supplier_risk_rescored") | {"band": "worst"})
        publish("audits", "audits.policy", worst, backbone.headers("supplier_risk_rescored", id=rescored))
        timeless = backbone.headers("supplier_risk_rescored", id=undated, time=None)
        publish("notifications", "notifications.risk", b"{}", timeless)

    assert people.complete_all(chain, cases, halfway=break_in) == {200: 8}
    await_outcome(chain, cases)
    wait_until(lambda: {service: parked(chain, service) - 1 for service in before} == before)
    audits, notifications = listed(chain, "audits"), listed(chain, "notifications")
    assert {"audits.policy", rescored, "supplier_risk_rescored"} <= set(audits.split())
    assert "the body breaks SupplierRiskRescored: {'band': ['Must be one of: " in audits
    assert {"notifications.risk", undated} <= set(notifications.split())
    assert "the envelope lacks cloudEvents_time" in notifications
    assert '"band":"worst"' in kedja(chain, "parked", "show", "audits", rescored)


def listed(chain: Any, service: str) -> str:
    """The list of a service's parked events, whatever its layout."""
    return " ".join(kedja(chain, "parked", "list", service).split())
