"""Suppliers that were merged: their cases, decisions and audits are the survivor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.ids import uuid7
from services.audits import events, merging, usecases
from tests.audits.steps import audits_of, case_of, decide, hire, rescored

if TYPE_CHECKING:
    from chassis.db import Transaction


def merged(tx: Transaction, received: Any, survivor: UUID, *absorbed: UUID, version: int = 2) -> None:
    data = {"supplier_id": str(survivor), "absorbed_ids": [str(each) for each in absorbed]}
    event = received(events.SupplierMerged, data, subject=str(survivor), version=version)
    usecases.project_suppliers(tx, [event])


def test_two_open_audits_of_one_case_both_stay_and_later_risks_move_the_survivors_own(
    tx: Transaction, received: Any
) -> None:
    hire(tx)
    survivor, absorbed = uuid7(), uuid7()
    decide(tx, rescored(received, survivor), rescored(received, absorbed))
    [own], [other] = audits_of(tx, survivor), audits_of(tx, absorbed)
    merged(tx, received, survivor, absorbed)
    assert {each["audit_id"] for each in audits_of(tx, survivor)} == {own["audit_id"], other["audit_id"]}
    assert audits_of(tx, absorbed) == audits_of(tx, survivor)
    assert len(case_of(tx, survivor)["decisions"]) == 2
    decide(tx, rescored(received, survivor, version=2, band="very_high", score=88.0))
    assert case_of(tx, survivor)["decision"]["audit_id"] == own["audit_id"]
    assert len(audits_of(tx, survivor)) == 2


def test_a_case_that_only_the_absorbed_had_goes_on_at_the_survivor(tx: Transaction, received: Any) -> None:
    hire(tx)
    survivor, absorbed = uuid7(), uuid7()
    decide(tx, rescored(received, absorbed, version=9))
    merged(tx, received, survivor, absorbed)
    # the survivor's own first version is newer than what was known of another subject
    decide(tx, rescored(received, survivor, version=1, band="very_high", score=91.0))
    case = case_of(tx, survivor)
    assert (case["band"], len(case["decisions"]), len(audits_of(tx, survivor))) == ("very_high", 2, 1)


def test_a_risk_of_an_absorbed_supplier_that_arrives_late_decides_nothing(
    tx: Transaction, received: Any
) -> None:
    hire(tx)
    survivor, absorbed = uuid7(), uuid7()
    decide(tx, rescored(received, survivor, band="low", score=25.0))
    merged(tx, received, survivor, absorbed)
    decide(tx, rescored(received, absorbed, version=9))
    assert (case_of(tx, survivor)["band"], audits_of(tx, survivor)) == ("low", [])
    with tx.cursor() as cursor:
        cursor.execute("SELECT supplier_id FROM risk_case WHERE supplier_id = %s", [absorbed])
        assert cursor.fetchall() == []


def test_an_old_id_means_the_survivor(tx: Transaction, received: Any) -> None:
    first, middle, last = uuid7(), uuid7(), uuid7()
    merged(tx, received, last, first, middle)
    merged(tx, received, middle, first)
    assert {merging.survivor_of(tx, each) for each in (first, middle, last)} == {last}
