"""Completed assessments as assessments would tell of them, in any number and any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import amqp

from chassis import broker, clock
from chassis.events import PREFIX
from chassis.ids import uuid7
from tests import backbone
from tests.contracts.payloads import golden
from tests.e2e import scene

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from tests.chaos.stage import Ground

QUEUE = "suppliers.rescore"
Told = tuple[dict[str, Any], bytes]  # envelope, body


def told(chance: random.Random, supplier_id: str, version: int) -> Told:
    """Return the event of one version of a case: each judges otherwise."""
    subject = f"{supplier_id}/{scene.CATEGORY}"
    envelope = {"subject": subject, "version": version, "source": "/kedja/assessments"}
    judged = [[cell and chance.choice((0, cell, 100)) for cell in row] for row in scene.JUDGED]
    data = golden("assessment_completed") | {
        "assessment_id": str(uuid7()),
        "supplier_id": supplier_id,
        "category_id": scene.CATEGORY,
        "judged": judged,
        "recommendation": chance.choice(("none", "dialogue", "office_audit", "factory_audit")),
        "completed_at": clock.now().isoformat(),
    }
    return backbone.headers("assessment_completed", **envelope), backbone.body(data)


def interleaved(chance: random.Random, suppliers: Sequence[str], versions: int) -> list[Told]:
    """Return `versions` events for each supplier's case, all in one random order."""
    events = [told(chance, each, number) for each in suppliers for number in range(1, versions + 1)]
    return chance.sample(events, len(events))


def publish(ground: Ground, events: Iterable[Told]) -> None:
    """Publish one by one, each confirmed: batches stay small, and meet in every replica."""
    with broker.channel(ground.amqp_url) as channel:
        channel.confirm_select()
        for headers, body in events:
            message = amqp.Message(body, application_headers=headers, delivery_mode=2)
            channel.basic_publish_confirm(message, "", QUEUE)


def newest(events: Iterable[Told]) -> dict[str, int]:
    """Return subject -> its highest version."""
    found: dict[str, int] = {}
    for headers, _ in events:
        subject = headers[PREFIX + "subject"]
        found[subject] = max(found.get(subject, 0), headers[PREFIX + "version"])
    return found
