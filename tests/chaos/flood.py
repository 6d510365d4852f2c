"""Events as their producers would tell of them, in any number and any order."""

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
    from collections.abc import Callable, Iterable, Sequence

    from tests.chaos.stage import Ground

Told = tuple[dict[str, Any], bytes]  # envelope, body


def completion(chance: random.Random, supplier_id: str, version: int) -> Told:
    """Return the completed assessment of one version of a case: each judges otherwise."""
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


def change(_chance: random.Random, supplier_id: str, version: int) -> Told:
    """Return one version of a supplier, which has it as its name."""
    envelope = {"subject": supplier_id, "version": version, "source": "/kedja/suppliers"}
    data = golden("supplier_registered") | {"supplier_id": supplier_id, "legal_name": str(version)}
    return backbone.headers("supplier_changed", **envelope), backbone.body(data)


def interleaved(
    tell: Callable[[random.Random, str, int], Told],
    chance: random.Random,
    suppliers: Sequence[str],
    versions: int,
) -> list[Told]:
    """Return `versions` events for each supplier, all in one random order."""
    events = [tell(chance, each, number) for each in suppliers for number in range(1, versions + 1)]
    return chance.sample(events, len(events))


def publish(ground: Ground, queue: str, events: Iterable[Told]) -> None:
    """Publish one by one, each confirmed: batches stay small, and meet in every replica."""
    with broker.channel(ground.amqp_url) as channel:
        channel.confirm_select()
        for headers, body in events:
            message = amqp.Message(body, application_headers=headers, delivery_mode=2)
            channel.basic_publish_confirm(message, "", queue)


def newest(events: Iterable[Told]) -> dict[str, int]:
    """Return subject -> its highest version."""
    found: dict[str, int] = {}
    for headers, _ in events:
        subject = headers[PREFIX + "subject"]
        found[subject] = max(found.get(subject, 0), headers[PREFIX + "version"])
    return found
