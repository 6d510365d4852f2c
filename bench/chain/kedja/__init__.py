"""Kedja's side of the comparison: four services on the chassis, with the business that is chosen.

Importing this makes `services.answers`, `services.scores`, `services.plans` and `services.notes` importable.
Their tables are those of the peers in bench/peers, too.
"""

from __future__ import annotations

import json
from pathlib import Path

import services
from chassis import topology

HERE = Path(__file__).parent
# Each service, the queue that it reads, and whose events of which type come there
QUEUES = {
    "scores": ("scores.rescore", "answers", "assessment_completed"),
    "plans": ("plans.decide", "scores", "score_changed"),
    "notes": ("notes.tell", "plans", "audit_planned"),
}
NAMES = ("answers", *QUEUES)

_SERVICES = str(HERE / "services")
if _SERVICES not in services.__path__:
    services.__path__.append(_SERVICES)


def write_topology(folder: Path) -> Path:
    """Write RabbitMQ's definitions for these services, in the form in which the chassis reads its own."""
    consumed = {queue: (producer, [event_type]) for queue, producer, event_type in QUEUES.values()}
    file = folder / "definitions.json"
    file.write_text(json.dumps(topology.definitions(NAMES, consumed)))
    return file
