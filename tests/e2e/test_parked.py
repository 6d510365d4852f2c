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


def kedja(chain: Any, *arguments: str) -> str:
    """What the command line prints about the platform's services."""
    env = {**os.environ, "KEDJA_ENV_DIR": str(chain.folder), "COLUMNS": "400"}
    command = [sys.executable, "-m", "chassis", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


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
        kedja(chain, "parked", "discard", service, event)


def parked(chain: Any, service: str) -> int:
    return int(chain.ops(service, "/backlog").json()["parked"])


def test_a_malformed_event_is_parked_with_its_reason_and_the_events_beside_it_are_handled(
    chain: Any, publish: Callable[..., None]
) -> None:
    cases = people.ready_to_complete(chain, 8)
    before = {service: parked(chain, service) for service in ("audits", "notifications")}
    rescored, undated = str(uuid7()), str(uuid7())

    def break_in() -> None:
        faulty = backbone.headers("supplier_risk_rescored", id=rescored)
        publish(
            "audits",
            "audits.policy",
            backbone.body(golden("supplier_risk_rescored") | {"band": "worst"}),
            faulty,
        )
        timeless = backbone.headers("supplier_risk_rescored", id=undated, time=None)
        publish("notifications", "notifications.risk", b"{}", timeless)

    assert people.complete_all(chain, cases, halfway=break_in) == {200: 8}
    await_outcome(chain, cases)
    wait_until(lambda: {service: parked(chain, service) - 1 for service in before} == before)
    audits = line_of(kedja(chain, "parked", "list", "audits"), rescored)
    assert {"audits.policy", "supplier_risk_rescored", "parked"} <= set(audits)
    assert any("breaks SupplierRiskRescored: {'band': ['Must be one of: " in cell for cell in audits)
    notifications = line_of(kedja(chain, "parked", "list", "notifications"), undated)
    assert any("the envelope lacks cloudEvents_time" in cell for cell in notifications)
    assert '"band":"worst"' in kedja(chain, "parked", "show", "audits", rescored)


def line_of(table: str, event: str) -> list[str]:
    """The cells of the table's row about an event."""
    [line] = [line for line in table.splitlines() if event in line]
    return [cell.strip() for cell in line.split("│")]
