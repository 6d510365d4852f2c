"""Events overtake what they are about: notices wait, and are made once, whatever arrives first or at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from services.notifications import usecases
from services.notifications.domain import OFFICE
from tests.backbone import others_wait, wait_until
from tests.notifications.steps import (
    NOW,
    category,
    completed,
    contact,
    contract,
    invited,
    notices,
    rescored,
    supplier,
    told,
    write,
)


def arrivals(supplier_id: UUID, anna: dict[str, object]):
    return {
        "supplier": lambda tx: usecases.project_suppliers(tx, [supplier(supplier_id, anna)], NOW),
        "category": lambda tx: usecases.project_categories(tx, [category(str(supplier_id))], NOW),
        "events": lambda tx: usecases.take_note(
            tx,
            [
                invited(supplier_id, anna["contact_id"], str(supplier_id)),
                completed(supplier_id, str(supplier_id)),
            ],
            NOW,
        ),
    }


@pytest.mark.parametrize(
    "order",
    [
        ("supplier", "category", "events"),
        ("category", "supplier", "events"),
        ("events", "supplier", "category"),
        ("events", "category", "supplier"),
        ("supplier", "events", "category"),
        ("category", "events", "supplier"),
    ],
)
def test_whatever_arrives_first_the_same_notices_are_made(tx, order):
    supplier_id, anna = uuid4(), contact()
    steps = arrivals(supplier_id, anna)
    for step in order:
        assert notices(tx, supplier_id=supplier_id) == []
        steps[step](tx)
    found = [(kind, who) for kind, who, _, _ in told(tx, supplier_id)]
    assert found == [
        ("assessment_completed", "national_office"),
        ("assessment_completed", "supplier_contact"),
        ("assessment_invited", "supplier_contact"),
    ]


def test_a_notice_to_a_contact_that_has_not_arrived_is_made_when_it_does(tx, acme):
    supplier_id, anna = acme
    bo = contact("bo@leverantor.example")
    usecases.take_note(tx, [invited(supplier_id, bo["contact_id"])], NOW)
    assert notices(tx, supplier_id=supplier_id) == []
    both = [contact(contact_id=anna), bo]
    usecases.project_suppliers(tx, [supplier(supplier_id, *both, version=2)], NOW)
    assert [row.recipient_id for row in notices(tx, supplier_id=supplier_id)] == [str(bo["contact_id"])]


def test_regions_hear_when_the_contract_arrives_after_the_event_and_nobody_hears_twice(tx):
    supplier_id, anna = uuid4(), contact()
    usecases.project_categories(tx, [category()], NOW)
    usecases.project_suppliers(tx, [supplier(supplier_id, anna, contracts=[])], NOW)
    usecases.take_note(tx, [rescored(supplier_id)], NOW)
    assert [row.recipient_kind for row in notices(tx, supplier_id=supplier_id)] == ["national_office"]
    late = supplier(supplier_id, anna, version=2, contracts=[contract("25")])
    usecases.project_suppliers(tx, [late], NOW)
    found = [(row.recipient_kind, row.recipient_id) for row in notices(tx, supplier_id=supplier_id)]
    assert found == [("national_office", OFFICE), ("region", "25")]


def test_an_older_state_of_a_supplier_never_replaces_a_newer_one(tx):
    supplier_id, new, old = uuid4(), contact("new@leverantor.example"), contact("old@leverantor.example")
    usecases.project_categories(tx, [category()], NOW)
    usecases.project_suppliers(tx, [supplier(supplier_id, new, version=2)], NOW)
    usecases.project_suppliers(tx, [supplier(supplier_id, old, version=1)], NOW)
    usecases.take_note(tx, [completed(supplier_id)], NOW)
    assert str(new["contact_id"]) in {row.recipient_id for row in notices(tx, supplier_id=supplier_id)}


def test_a_contact_without_a_usable_address_is_told_once_it_has_one(tx):
    supplier_id, anna = uuid4(), contact("anna at leverantor")
    usecases.project_categories(tx, [category()], NOW)
    usecases.project_suppliers(tx, [supplier(supplier_id, anna)], NOW)
    usecases.take_note(tx, [invited(supplier_id, anna["contact_id"])], NOW)
    assert [row.state for row in notices(tx, supplier_id=supplier_id)] == ["no_address"]
    mended = {**anna, "email": "anna@leverantor.example"}
    usecases.project_suppliers(tx, [supplier(supplier_id, mended, version=2)], NOW)
    assert [row.state for row in notices(tx, supplier_id=supplier_id)] == ["queued"]


def test_no_mail_goes_to_a_contact_who_has_left(tx, acme):
    supplier_id, anna = acme
    usecases.take_note(tx, [invited(supplier_id, anna)], NOW)
    usecases.project_suppliers(tx, [supplier(supplier_id, contact("bo@x.example"), version=2)], NOW)
    assert [row.state for row in notices(tx, supplier_id=supplier_id)] == ["no_address"]


def beside(db, first, second) -> None:
    """Do `first`, and `second` while its transaction is open: it must wait, and then miss nothing."""

    def do_second():
        with db.transaction() as other:
            second(other)

    with ThreadPoolExecutor(1) as pool:
        with db.transaction() as tx:
            first(tx)
            doing = pool.submit(do_second)
            wait_until(lambda: others_wait(tx))
        doing.result(timeout=10)


def test_a_supplier_and_a_category_that_arrive_at_once_still_make_the_notices(db):
    supplier_id, anna = uuid4(), contact()
    steps = arrivals(supplier_id, anna)
    with db.transaction() as tx:
        steps["events"](tx)
    beside(db, steps["supplier"], steps["category"])
    with db.transaction() as tx:
        assert len(notices(tx, supplier_id=supplier_id)) == 3


def test_an_event_and_its_supplier_that_arrive_at_once_still_make_the_notices(db):
    supplier_id, anna = uuid4(), contact()
    steps = arrivals(supplier_id, anna)
    with db.transaction() as tx:
        steps["category"](tx)
        usecases.take_note(tx, [completed(supplier_id, str(supplier_id))], NOW)
    beside(db, steps["events"], steps["supplier"])
    with db.transaction() as tx:
        assert len(notices(tx, supplier_id=supplier_id)) == 5


def test_an_address_that_is_written_while_the_notice_is_made_still_queues_it(db):
    supplier_id = uuid4()
    with db.transaction() as tx:
        usecases.project_categories(tx, [category()], NOW)
        usecases.project_suppliers(tx, [supplier(supplier_id, contracts=[contract("23")])], NOW)
        usecases.take_note(tx, [rescored(supplier_id)], NOW)
    beside(
        db,
        lambda tx: usecases.take_note(tx, [rescored(supplier_id)], NOW),
        lambda tx: write(tx, "region", "23", "r23@region.example"),
    )
    with db.transaction() as tx:
        to_region = [row for row in notices(tx, supplier_id=supplier_id) if row.recipient_kind == "region"]
        assert [row.state for row in to_region] == ["queued", "queued"]
