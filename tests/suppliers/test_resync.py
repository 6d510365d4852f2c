"""What suppliers tells again, and what it makes of assessments that are told again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from chassis import outbox
from services.suppliers import usecases
from tests.suppliers import steps
from tests.suppliers.bodies import put_gloves
from tests.suppliers.steps import LATER, assess, registered, rescored


def history(tx: Any, supplier_id: Any) -> list[Any]:
    return [row.stage for row in steps.history(tx, supplier_id)["items"]]


def judged(tx: Any, supplier_id: Any) -> Any:
    with tx.cursor() as cursor:
        cursor.execute("SELECT * FROM judgement WHERE supplier_id = %s", [supplier_id])
        return cursor.fetchone()


def told(tx: Any, tell: Any) -> dict[str, Any]:
    """What a resync tells, one at a time: subject -> event."""
    found: dict[str, Any] = {}
    after = None
    while events := tell(tx, after, 1):
        [event] = events
        assert event.subject not in found
        found[event.subject] = event
        after = event.subject
    return found


def test_what_is_told_again_is_what_was_told(tx, received, emitted):
    put_gloves(tx, responsible_area="A")  # so that it is told now, whoever else has made it before
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    before = {(event["type"], event["subject"]): event for event in emitted(tx)}
    tells = (
        usecases.registry.present_suppliers,
        usecases.categories.present_categories,
        usecases.scoring.present_scores,
    )
    events = [event for tell in tells for event in told(tx, tell).values()]
    with tx.cursor() as cursor:
        cursor.execute("DELETE FROM outbox")
    outbox.restate(tx, events)
    again = {(event["type"], event["subject"]): event for event in emitted(tx)}
    ours = {key for key in again if key[1].startswith(str(supplier_id)) or key[1] == "handskar"}
    assert {kind for kind, _ in ours} == {"supplier_registered", "category_changed", "supplier_risk_rescored"}
    assert {key: again[key] for key in ours} == {key: before[key] for key in ours}


def test_a_judgement_told_again_that_the_score_takes_in_leads_to_no_new_score(tx, received, emitted):
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, version=2)], LATER)
    before, count = judged(tx, supplier_id), len(rescored(emitted, tx))
    with tx.cursor() as cursor:
        cursor.execute("DELETE FROM judgement WHERE supplier_id = %s", [supplier_id])
    usecases.scoring.rescore_after_assessment(
        tx, [assess(supplier_id, received, version=2, resync=True)], LATER
    )
    assert judged(tx, supplier_id) == before
    assert (history(tx, supplier_id), len(rescored(emitted, tx))) == ([None, "reviewed"], count)


def test_a_judgement_told_again_that_the_score_lacks_leads_to_a_score_that_nobody_is_told_of(
    tx, received, emitted
):
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(
        tx, [assess(supplier_id, received, version=2, resync=True)], LATER
    )
    assert history(tx, supplier_id) == [None, "reviewed"]
    with tx.cursor() as cursor:
        cursor.execute(
            "SELECT headers ->> 'cloudEvents_imported' AS quiet FROM outbox ORDER BY id DESC LIMIT 1"
        )
        assert cursor.fetchone().quiet == "true"


def test_a_judgement_told_again_that_is_older_changes_nothing(tx, received):
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, version=2)], LATER)
    before = judged(tx, supplier_id)
    older = assess(supplier_id, received, version=1, resync=True, recommendation="dialogue")
    usecases.scoring.rescore_after_assessment(tx, [older], LATER)
    assert judged(tx, supplier_id) == before
    assert history(tx, supplier_id) == [None, "reviewed"]


def test_an_assessment_of_a_supplier_that_was_lost_is_kept_and_scored_by_nobody(tx, received, emitted):
    supplier_id = uuid4()
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, resync=True)], LATER)
    assert judged(tx, supplier_id).version == 1
    assert rescored(emitted, tx) == []


def test_a_judgement_in_fractions_told_again_leads_to_no_new_score_either(tx, received):
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(
        tx, [assess(supplier_id, received, score="82.5", version=2)], LATER
    )
    usecases.scoring.rescore_after_assessment(
        tx, [assess(supplier_id, received, score="82.5", version=2, resync=True)], LATER
    )
    assert history(tx, supplier_id) == [None, "reviewed"]
