"""Scoring cases: when, from what, what is kept and what is told."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chassis.ids import uuid7
from services.suppliers import repository, schemas, usecases
from services.suppliers.events import AssessmentCompleted
from tests.callers import OFFICE
from tests.suppliers.bodies import NOW, SUPPLIER, completed, loaded
from tests.suppliers.steps import DATASETS, LATER, assess, registered, rescored, shown, terms

if TYPE_CHECKING:
    from chassis.db import Transaction


def test_a_contract_gives_its_case_a_first_score(tx: Transaction, emitted: Any) -> None:
    supplier_id = registered(tx)
    [told] = rescored(emitted, tx)
    cause = told["data"]["causes"]
    # the sums are in test_domain
    assert told == {
        "type": "supplier_risk_rescored",
        "subject": f"{supplier_id}/handskar",
        "version": 1,
        "data": {
            "supplier_id": str(supplier_id),
            "category_id": "handskar",
            "score": 72.3,
            "band": "high",
            "previous_score": None,
            "previous_band": None,
            "residual": [69.01575, 85, 44.25, 40.5],
            "no_data_areas": [],
            "stage": None,
            "critical_open": 0,
            "severe_open": 0,
            "claim_gap": None,
            "not_cooperating": False,
            "recommendation": None,
            "site_known": True,
            "contract_ends_on": "2028-12-31",
            "rule_set": "2026-1",
            "as_of": NOW.isoformat(),
            "assessed_at": None,
            "causes": cause,
            "changed": False,
        },
    }
    assert len(cause) == 1


def test_a_completed_assessment_rescores_its_case(tx: Transaction, emitted: Any, received: Any) -> None:
    supplier_id = registered(tx)
    event = assess(supplier_id, received, critical=["Q101"], recommendation="office_audit")
    usecases.scoring.rescore_after_assessment(tx, [event], LATER)

    _, told = rescored(emitted, tx)
    assert told["version"] == 2
    assert told["data"] == rescored(emitted, tx)[0]["data"] | {
        "score": 48.0,
        "band": "medium",
        "previous_score": 72.3,
        "previous_band": "high",
        "residual": [45.826458, 56.44, 29.382, 26.892],
        "stage": "reviewed",
        "critical_open": 1,
        "recommendation": "office_audit",
        "as_of": LATER.isoformat(),
        "assessed_at": event.data["completed_at"].isoformat(),
        "causes": [str(event.id)],
        "changed": True,
    }


def test_a_case_shows_its_score_with_every_term(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    event = assess(supplier_id, received, critical=["Q101"], recommendation="office_audit")
    usecases.scoring.rescore_after_assessment(tx, [event], LATER)
    case = shown(tx, supplier_id)
    expected = {
        "category_id": "handskar",
        "score": Decimal("48.0"),
        "band": "medium",
        "previous_score": Decimal("72.3"),
        "previous_band": "high",
        "as_of": LATER,
        "rule_set": "2026-1",
        "datasets": DATASETS,
        "stage": "reviewed",
        "no_data_areas": [],
        "causes": [event.id],
    }
    assert {name: case[name] for name in expected} == expected
    assert case["areas"] == {
        "human_rights": terms("58.0315", "80", "69.01575", "45.826458"),
        "workers_rights": terms("90", "80", "85", "56.44"),
        "environment": terms("64.5", "24", "44.25", "29.382"),
        "business_ethics": terms("57", "24", "40.5", "26.892"),
    }


def test_a_judgement_is_kept_unless_a_newer_one_is_there(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    supplier_id = registered(tx)
    newer, older = assess(supplier_id, received, 7, score="80"), assess(supplier_id, received, 6, score="0")
    usecases.scoring.rescore_after_assessment(tx, [newer], LATER)
    usecases.scoring.rescore_after_assessment(tx, [older], LATER)
    # the older one is a cause all the same, and the score follows from what is known
    assert [event["data"]["score"] for event in rescored(emitted, tx)] == [72.3, 48.0, 48.0]
    assert shown(tx, supplier_id)["causes"] == [older.id]


def test_a_batch_scores_each_case_once_from_its_newest_judgement(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    one, other = registered(tx), registered(tx)
    batch = [
        assess(one, received, 2, score="80"),
        assess(other, received, 1, score="100"),
        assess(one, received, 1, score="0"),
    ]
    usecases.scoring.rescore_after_assessment(tx, batch, LATER)
    told = rescored(emitted, tx)[2:]
    assert {event["subject"]: (event["data"]["score"], event["data"]["causes"]) for event in told} == {
        f"{one}/handskar": (48.0, [str(batch[0].id), str(batch[2].id)]),
        f"{other}/handskar": (42.0, [str(batch[1].id)]),  # 72.34571875 * (1 - 0.6 * 0.7)
    }


def test_a_case_that_is_not_known_yet_is_scored_when_its_contract_arrives(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    supplier_id = registered(tx, contracts=[])
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, 2)], LATER)
    assert (rescored(emitted, tx), usecases.risk.get_risk(tx, supplier_id, OFFICE)["cases"]) == ([], [])

    contract = loaded(schemas.Contract, SUPPLIER["contracts"][0])
    repository.contracts.add_contracts(tx, supplier_id, [contract])
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, 1, score="0")], LATER)
    [told] = rescored(emitted, tx)
    assert (told["data"]["score"], told["data"]["previous_band"], told["data"]["changed"]) == (
        48.0,
        None,
        False,
    )


def test_a_supplier_that_was_never_heard_of_is_no_failure(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    usecases.scoring.rescore_after_assessment(tx, [assess(uuid7(), received)], LATER)
    assert rescored(emitted, tx) == []


def test_what_only_repeats_or_imports_is_told_quietly(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    quiet = received(
        AssessmentCompleted, completed(supplier_id), subject=f"{supplier_id}/handskar", imported=True
    )
    loud = assess(supplier_id, received, 2)
    usecases.scoring.rescore_after_assessment(tx, [quiet], LATER)
    usecases.scoring.rescore_after_assessment(tx, [loud], LATER)
    with tx.cursor() as cursor:
        cursor.execute("SELECT headers FROM outbox WHERE type = 'supplier_risk_rescored' ORDER BY id")
        flags = [row.headers.get("cloudEvents_imported", False) for row in cursor.fetchall()]
    assert flags == [False, True, False]
