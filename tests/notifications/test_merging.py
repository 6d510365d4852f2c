"""Suppliers that were merged: who was told of one is told of the survivor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from services.notifications import events, usecases
from tests.backbone import received
from tests.notifications.steps import (
    NOW,
    category,
    contact,
    invited,
    notices,
    rescored,
    supplier,
    told,
    write,
)

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction


def merged(survivor: UUID, *absorbed: UUID, version: int = 2) -> Any:
    data = {"supplier_id": str(survivor), "absorbed_ids": [str(each) for each in absorbed]}
    return received(events.SupplierMerged, data, subject=str(survivor), version=version)


def project(tx: Transaction, *batch: Any) -> None:
    usecases.project_suppliers(tx, list(batch), NOW)


def test_notices_move_and_what_waits_goes_to_the_contact_that_stays(tx: Transaction) -> None:
    survivor, absorbed = uuid4(), uuid4()
    stays, goes = contact("kim@leverantor.example"), contact("KIM@leverantor.example")
    project(tx, supplier(survivor, stays), supplier(absorbed, goes))
    usecases.project_categories(tx, [category()], NOW)
    usecases.take_note(tx, [invited(absorbed, goes["contact_id"])], NOW)
    expected = ("assessment_invited", "supplier_contact", str(goes["contact_id"]), "queued")
    assert expected in told(tx, absorbed)
    project(tx, merged(survivor, absorbed), supplier(survivor, stays, version=3))
    expected = ("assessment_invited", "supplier_contact", str(stays["contact_id"]), "queued")
    assert told(tx, survivor) == [expected]
    # the old id means the survivor in filters too
    assert told(tx, absorbed) == [expected]


def test_events_that_arrive_later_about_an_absorbed_supplier_are_told_of_the_survivor(
    tx: Transaction,
) -> None:
    survivor, absorbed = uuid4(), uuid4()
    write(tx, "region", "01", "r01@region.example")
    project(tx, supplier(survivor), supplier(absorbed), merged(survivor, absorbed))
    usecases.project_categories(tx, [category()], NOW)
    usecases.take_note(tx, [rescored(absorbed)], NOW)
    assert {row.supplier_id for row in notices(tx, kind="risk_band_changed", supplier_id=survivor)} == {
        survivor
    }


def test_what_an_absorbed_supplier_was_waited_for_is_made_with_the_survivor(tx: Transaction) -> None:
    survivor, absorbed = uuid4(), uuid4()
    person = contact()
    usecases.project_categories(tx, [category()], NOW)
    usecases.take_note(tx, [invited(absorbed, person["contact_id"])], NOW)
    assert told(tx, absorbed) == []
    project(tx, supplier(survivor, person), merged(survivor, absorbed))
    assert [row[:2] for row in told(tx, survivor)] == [("assessment_invited", "supplier_contact")]


def test_a_survivor_that_has_not_arrived_is_known_as_what_was_absorbed(tx: Transaction) -> None:
    survivor, absorbed = uuid4(), uuid4()
    person = contact()
    project(tx, supplier(absorbed, person, legal_name="Exempel AB"))
    usecases.project_categories(tx, [category()], NOW)
    usecases.take_note(tx, [invited(absorbed, person["contact_id"])], NOW)
    project(tx, merged(survivor, absorbed))
    with tx.cursor() as cursor:
        cursor.execute("SELECT legal_name, version FROM supplier WHERE supplier_id = %s", [survivor])
        assert cursor.fetchone() == ("Exempel AB", 0)
    assert len(told(tx, survivor)) == 1
