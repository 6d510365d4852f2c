"""What everyday events wait for, alone and while all cases are scored again."""

from __future__ import annotations

import random
import statistics
import time
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import amqp

from bench.suppliers import stage
from chassis import broker, clock
from chassis.db import connect
from chassis.ids import uuid7
from tests import backbone
from tests.backbone import wait_until
from tests.contracts.payloads import golden
from tests.e2e import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.suppliers.domain import Key
    from tests.suppliers.replicas import Replicas

EVENTS = 300
_QUEUE = "suppliers.rescore"


def everyday_p99(replicas: Replicas, say: Callable[[str], None]) -> float:
    """Complete assessments one after another beside a wave; return the p99 of the milliseconds to a score."""
    with closing(connect(replicas.db.dsn)) as conn:
        keys = [(found.supplier_id, found.category_id) for found in stage.queries.keys(conn)]
        conn.commit()
    chosen = random.Random(1).sample(keys, 2 * EVENTS)  # noqa: S311
    _tell("alone", _completed(replicas, chosen[:EVENTS], 1000), say)
    year, values = scene.newest_values()["CPI"]
    worse = {country: str(max(0, Decimal(value) - 3)) for country, value in values.items()}
    scene.put(replicas.running[0], "suppliers", f"/country-indices/CPI/{year}", {"values": worse})
    wait_until(lambda: _wave(replicas).cases > 0)
    p99 = _tell("during a wave", _completed(replicas, chosen[EVENTS:], 1000), say)
    if _wave(replicas).ended_at:
        say("  (the wave had ended by then: there are too few suppliers)")
    wait_until(lambda: _wave(replicas).ended_at, 3600)
    return p99


def _wave(replicas: Replicas) -> Any:
    with closing(connect(replicas.db.dsn)) as conn:
        [found] = stage.queries.newest_wave(conn)
        conn.commit()
    return found


def _completed(replicas: Replicas, keys: Sequence[Key], version: int) -> list[float]:
    """Tell of a completed assessment of each case; return the milliseconds until each score."""
    taken = []
    with (
        closing(connect(replicas.db.dsn)) as conn,
        broker.channel(replicas.urls["suppliers"]["AMQP_URL"]) as channel,
    ):
        for supplier_id, category_id in keys:
            assessment_id = str(uuid7())
            message = _completion(str(supplier_id), category_id, assessment_id, version)
            began = time.perf_counter()
            channel.basic_publish(message, "", _QUEUE)
            while not _is_scored(conn, (supplier_id, category_id), assessment_id):
                time.sleep(0.001)
            taken.append(1000 * (time.perf_counter() - began))
    return taken


def _completion(supplier_id: str, category_id: str, assessment_id: str, version: int) -> amqp.Message:
    envelope = {
        "subject": f"{supplier_id}/{category_id}",
        "version": version,
        "source": "/kedja/assessments",
    }
    data = golden("assessment_completed") | {
        "assessment_id": assessment_id,
        "supplier_id": supplier_id,
        "category_id": category_id,
        "completed_at": clock.now().isoformat(),
    }
    headers = backbone.headers("assessment_completed", **envelope)
    return amqp.Message(backbone.body(data), application_headers=headers, delivery_mode=2)


def _is_scored(conn: Any, key: Key, assessment_id: str) -> bool:
    with conn:
        found = stage.queries.judged(
            conn, supplier_id=key[0], category_id=key[1], assessment_id=assessment_id
        )
        return bool(list(found))


def _tell(when: str, taken: list[float], say: Callable[[str], None]) -> float:
    p99 = statistics.quantiles(taken, n=100)[98]
    say(f"  an assessment {when}: median {statistics.median(taken):.1f} ms, p99 {p99:.1f} ms")
    return p99
