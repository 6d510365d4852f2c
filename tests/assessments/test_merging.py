"""Suppliers that were merged: their assessments are the survivor's."""

from uuid import UUID

from chassis.ids import uuid7
from services.assessments import events, usecases
from tests.assessments.steps import launch, listed, register


def merged(tx, received, survivor, *absorbed, version=2):
    data = {"supplier_id": str(survivor), "absorbed_ids": [str(each) for each in absorbed]}
    event = received(events.SupplierMerged, data, subject=str(survivor), version=version)
    usecases.project_suppliers(tx, [event])


def of(tx, supplier_id):
    return {each.assessment_id for each in listed(tx, supplier_id=str(supplier_id))["items"]}


def test_assessments_move_and_two_of_one_case_and_year_both_stay(tx, received):
    (survivor, _), (absorbed, _) = (register(tx, received, "handskar") for _ in range(2))
    launch(tx, (survivor, "handskar"), (absorbed, "handskar"))
    both = of(tx, survivor) | of(tx, absorbed)
    merged(tx, received, survivor, absorbed)
    assert len(both) == 2
    assert of(tx, survivor) == both
    # the old id means the survivor in filters too
    assert of(tx, absorbed) == both
    assert {each.supplier_id for each in listed(tx, supplier_id=str(survivor))["items"]} == {survivor}


def test_what_is_told_later_of_an_absorbed_supplier_is_no_supplier_of_its_own(tx, received):
    (survivor, _), (absorbed, _) = (register(tx, received, "handskar") for _ in range(2))
    merged(tx, received, survivor, absorbed)
    register(tx, received, "handskar", supplier_id=absorbed, version=7)
    with tx.cursor() as cursor:
        cursor.execute("SELECT supplier_id FROM supplier WHERE supplier_id IN (%s, %s)", [survivor, absorbed])
        assert [row.supplier_id for row in cursor] == [survivor]


def test_a_campaign_that_names_an_old_id_invites_the_survivor(tx, received):
    (survivor, _), (absorbed, _) = (register(tx, received, "handskar") for _ in range(2))
    merged(tx, received, survivor, absorbed)
    launch(tx, (absorbed, "handskar"))
    [case] = listed(tx, supplier_id=str(survivor))["items"]
    assert case.supplier_id == survivor


def test_merges_of_merges_mean_the_last_survivor_in_whatever_order_they_arrive(tx, received):
    (last, _), (middle, _), (first, _) = (register(tx, received, "handskar") for _ in range(3))
    launch(tx, (first, "handskar"), (middle, "handskar"))
    merged(tx, received, last, first, middle)
    merged(tx, received, middle, first)
    assert len(of(tx, last)) == 2
    assert {each.supplier_id for each in listed(tx, supplier_id=str(first))["items"]} == {last}


def test_a_survivor_that_has_not_arrived_is_known_as_what_was_absorbed(tx, received):
    survivor = uuid7()
    absorbed, _ = register(tx, received, "handskar", name="Exempel AB")
    launch(tx, (absorbed, "handskar"))
    merged(tx, received, survivor, absorbed)
    [case] = listed(tx, supplier_id=str(survivor))["items"]
    assert case.legal_name == "Exempel AB"
    register(tx, received, "handskar", supplier_id=survivor, version=1, name="Exempel Två AB")
    [case] = listed(tx, supplier_id=str(survivor))["items"]
    assert case.legal_name == "Exempel Två AB"


def test_a_list_that_has_become_shorter_gives_an_id_back(tx, received):
    (survivor, _), (absorbed, _) = (register(tx, received, "handskar") for _ in range(2))
    merged(tx, received, survivor, absorbed)
    merged(tx, received, survivor, version=3)
    register(tx, received, "handskar", supplier_id=absorbed, version=1)
    launch(tx, (absorbed, "handskar"))
    [case] = listed(tx, supplier_id=str(absorbed))["items"]
    assert case.supplier_id == absorbed
    assert isinstance(case.supplier_id, UUID)
