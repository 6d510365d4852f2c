"""What audits tell of a case: what they found, and which deviations are open."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.ids import uuid7
from services.suppliers import repository, schemas, usecases
from services.suppliers.events import (
    AuditReported,
    DeviationOverdue,
    DeviationRaised,
    DeviationVerified,
)
from tests.callers import OFFICE
from tests.suppliers.bodies import NOW
from tests.suppliers.steps import LATER, assess, history, registered, rescored

if TYPE_CHECKING:
    from collections.abc import Callable

    from chassis.db import Transaction
    from chassis.events import Received

DAY = timedelta(days=1)


def reported(
    received: Callable[..., Received],
    supplier_id: UUID,
    audited: str | None,
    version: int = 1,
    **changes: Any,
) -> Received:
    data = {
        "audit_id": str(uuid7()),
        "supplier_id": str(supplier_id),
        "category_id": "handskar",
        "reported_at": NOW.isoformat(),
        "audited": [[None if audited is None else float(audited)] * 4] * 7,
        "valid_until": (NOW + 1095 * DAY).isoformat(),
    }
    envelope = {
        "subject": f"{supplier_id}/handskar",
        "version": version,
        "resync": changes.pop("resync", None),
    }
    return received(AuditReported, data | changes, **envelope)


def deviation(
    received: Callable[..., Received],
    schema: Any,
    supplier_id: UUID,
    deviation_id: UUID,
    version: int,
    **changes: Any,
) -> Received:
    data = {
        "deviation_id": str(deviation_id),
        "supplier_id": str(supplier_id),
        "category_id": "handskar",
        "areas": ["environment"],
        "severe": False,
    }
    resync = changes.pop("resync", None)
    return received(schema, data | changes, subject=str(deviation_id), version=version, resync=resync)


def scores(tx: Transaction, supplier_id: UUID) -> list[tuple[Decimal, str | None]]:
    return [(row.score, row.stage) for row in history(tx, supplier_id)["items"]]


def test_an_audit_s_report_rescores_its_case_and_names_its_event(
    tx: Transaction, received: Any, emitted: Any
) -> None:
    # audited 80: mitigation 0.80, left 0.52: 35.88819 44.2 23.01 21.06; 22.1 + 124.15819/8 = 37.61977375
    supplier_id = registered(tx)
    event = reported(received, supplier_id, "80")
    usecases.scoring.rescore_after_findings(tx, [event], LATER)
    assert scores(tx, supplier_id) == [(Decimal("72.3"), None), (Decimal("37.6"), None)]
    assert rescored(emitted, tx)[-1]["data"]["causes"] == [str(event.id)]


def test_a_case_keeps_the_reports_of_several_audits(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    first = reported(received, supplier_id, "80", reported_at=(NOW - DAY).isoformat())
    second = reported(received, supplier_id, None, version=2)
    usecases.scoring.rescore_after_findings(tx, [second, first], LATER)
    last = history(tx, supplier_id)["items"][-1]
    assert [entry["audit_id"] for entry in last.inputs["audits"]] == [
        str(second.data["audit_id"]),
        str(first.data["audit_id"]),
    ]
    assert last.score < 72


def test_a_corrected_report_replaces_the_one_of_its_audit_and_an_older_one_does_not(
    tx: Transaction, received: Any
) -> None:
    supplier_id, audit_id = registered(tx), str(uuid7())
    corrected = reported(received, supplier_id, "80", 2, audit_id=audit_id)
    usecases.scoring.rescore_after_findings(tx, [corrected], LATER)
    late = reported(received, supplier_id, "0", 1, audit_id=audit_id)
    usecases.scoring.rescore_after_findings(tx, [late], LATER + DAY)
    assert [score for score, _ in scores(tx, supplier_id)][1:] == [Decimal("37.6"), Decimal("37.6")]


def test_a_deviation_counts_from_when_it_is_raised_more_when_overdue_and_no_more_when_verified(
    tx: Transaction, received: Any
) -> None:
    # environment 44.25, 54.25, 64.25: mean 238.76575/4, +10/4, +20/4: 72.3457…, 73.5957…, 74.8457…
    supplier_id, deviation_id = registered(tx), uuid7()
    steps = (DeviationRaised, DeviationOverdue, DeviationVerified)
    for version, schema in enumerate(steps, 1):
        event = deviation(received, schema, supplier_id, deviation_id, version)
        usecases.scoring.rescore_after_findings(tx, [event], NOW + version * DAY)
    expected = ["72.3", "73.6", "74.8", "72.3"]
    assert [score for score, _ in scores(tx, supplier_id)] == [Decimal(text) for text in expected]


def test_what_arrives_in_the_wrong_order_ends_the_same(tx: Transaction, received: Any) -> None:
    supplier_id, deviation_id = registered(tx), uuid7()
    verified = deviation(received, DeviationVerified, supplier_id, deviation_id, 3)
    raised = deviation(received, DeviationRaised, supplier_id, deviation_id, 1, severe=True)
    for event in (verified, raised):
        usecases.scoring.rescore_after_findings(tx, [event], LATER)
    assert [score for score, _ in scores(tx, supplier_id)] == [Decimal("72.3")] * 3


def test_an_open_severe_deviation_lifts_the_score_and_is_counted(
    tx: Transaction, received: Any, emitted: Any
) -> None:
    # environment 85: 42.5 + (69.01575 + 85 + 85 + 40.5)/8 = 77.439…
    supplier_id = registered(tx)
    event = deviation(received, DeviationRaised, supplier_id, uuid7(), 1, severe=True)
    usecases.scoring.rescore_after_findings(tx, [event], LATER)
    told = rescored(emitted, tx)[-1]["data"]
    assert (told["score"], told["severe_open"]) == (77.4, 1)


def test_a_report_told_again_leads_to_no_new_score_unless_the_score_lacks_it(
    tx: Transaction, received: Any
) -> None:
    supplier_id, audit_id = registered(tx), str(uuid7())
    first = reported(received, supplier_id, "80", audit_id=audit_id)
    again = reported(received, supplier_id, "80", audit_id=audit_id, resync=True)
    for event in (first, again):
        usecases.scoring.rescore_after_findings(tx, [event], LATER)
    assert len(scores(tx, supplier_id)) == 2
    lacking = reported(received, supplier_id, "60", 2, audit_id=audit_id, resync=True)
    usecases.scoring.rescore_after_findings(tx, [lacking], LATER)
    assert len(scores(tx, supplier_id)) == 3


def test_a_deviation_of_a_case_without_a_contract_is_kept_and_counts_when_one_arrives(
    tx: Transaction, received: Any
) -> None:
    supplier_id = registered(tx, contracts=[])
    event = deviation(received, DeviationRaised, supplier_id, uuid7(), 1)
    usecases.scoring.rescore_after_findings(tx, [event], LATER)
    assert scores(tx, supplier_id) == []


def test_findings_and_the_assessment_meet_in_one_score(tx: Transaction, received: Any) -> None:
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    usecases.scoring.rescore_after_findings(tx, [reported(received, supplier_id, "20")], LATER + DAY)
    last = history(tx, supplier_id)["items"][-1]
    assert last.stage == "audited"
    assert last.claim_gap == Decimal(60)
    assert {cell.stage for row in last.cells for cell in row} == {"audited"}


def test_a_case_s_only_fact_that_is_closed_by_a_resync_counts_no_more(tx: Transaction, received: Any) -> None:
    supplier_id, deviation_id = registered(tx), uuid7()
    raised = deviation(received, DeviationRaised, supplier_id, deviation_id, 1, severe=True)
    usecases.scoring.rescore_after_findings(tx, [raised], LATER)
    for _ in range(2):  # the second time there is nothing new in it
        lost = deviation(received, DeviationVerified, supplier_id, deviation_id, 2, resync=True)
        usecases.scoring.rescore_after_findings(tx, [lost], LATER)
    assert [score for score, _ in scores(tx, supplier_id)] == [
        Decimal(text) for text in ("72.3", "77.4", "72.3")
    ]


def test_what_is_told_again_of_a_case_that_was_never_scored_scores_nothing(
    tx: Transaction, received: Any
) -> None:
    supplier_id = registered(tx, contracts=[])
    keys = [(supplier_id, "handskar")]
    repository.scores.lock_cases(tx, keys)
    assert repository.scores.scored_otherwise(tx, keys) == set()


def test_a_deviation_that_moves_to_another_case_counts_no_more_in_the_one_that_it_leaves(
    tx: Transaction, received: Any
) -> None:
    left, entered, deviation_id = registered(tx), registered(tx), uuid7()
    first = deviation(received, DeviationRaised, left, deviation_id, 1, severe=True)
    moved = deviation(received, DeviationRaised, entered, deviation_id, 2, severe=True)
    for event in (first, moved):
        usecases.scoring.rescore_after_findings(tx, [event], LATER)
    assert [score for score, _ in scores(tx, left)] == [Decimal(text) for text in ("72.3", "77.4", "72.3")]
    assert [score for score, _ in scores(tx, entered)] == [Decimal(text) for text in ("72.3", "77.4")]
    assert history(tx, left)["items"][-1].causes == [moved.id]


def test_the_view_of_a_case_has_what_a_question_what_if_names(tx: Transaction, received: Any) -> None:
    supplier_id, deviation_id = registered(tx), uuid7()
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received, critical=["A1"])], LATER)
    found = [
        reported(received, supplier_id, "20"),
        deviation(received, DeviationOverdue, supplier_id, deviation_id, 1, severe=True),
    ]
    usecases.scoring.rescore_after_findings(tx, found, LATER + DAY)
    [case] = schemas.RiskView().dump(usecases.risk.get_risk(tx, supplier_id, OFFICE))["cases"]
    assert case["deviations"] == [
        {"deviation_id": str(deviation_id), "areas": ["environment"], "severe": True, "overdue": True}
    ]
    flags = ("claim_gap", "critical_open", "severe_open", "not_cooperating", "recommendation", "site_known")
    assert [case[name] for name in flags] == [60, 1, 1, False, "none", True]
    body = schemas.whatif.WhatIf().load(
        {
            "category_id": "handskar",
            "closed_deviations": [each["deviation_id"] for each in case["deviations"]],
        }
    )
    answer = usecases.whatif.suppose(tx, supplier_id, body, OFFICE, LATER + DAY)
    assert answer["then"]["score"] < answer["now"]["score"]
