"""Campaigns and reviews against a real database: what is stored, and what is emitted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import uuid4

import pytest

from chassis.errors import Conflict, Invalid, NotFound
from chassis.ids import uuid7
from services.assessments import events, repository, usecases
from services.assessments.domain.case import STATES
from tests.assessments.steps import NOW, launch, listed, outcome, register, submitted
from tests.backbone import others_wait, wait_until

GRID = [[50.0] * 4 for _ in range(7)]


def about(events, *suppliers):
    """Those of the outbox's events that are about the suppliers: tests that commit leave others there."""
    return [event for event in events if event["data"]["supplier_id"] in map(str, suppliers)]


def test_a_campaign_invites_each_case_and_says_so(tx, supplier, emitted):
    (first, contact), (second, _) = supplier("gloves", "masks"), supplier("gloves")
    launched = launch(tx, (first, "gloves"), (first, "masks"), (second, "gloves"))
    assert launched == {
        "campaign_id": launched["campaign_id"],
        "name": "Omgång",
        "year": 2026,
        "answer_by": date(2027, 1, 2),
        "created_at": NOW,
        "states": dict.fromkeys(STATES, 0) | {"invited": 3},
    }
    assessment = next(iter(listed(tx, supplier_id=first)["items"]))
    said = about(emitted(tx), first, second)
    assert (len(said), said[0]) == (3, {
        "type": "assessment_invited",
        "subject": str(assessment.assessment_id),
        "version": 1,
        "data": {
            "assessment_id": str(assessment.assessment_id),
            "supplier_id": str(first),
            "category_id": "gloves",
            "year": 2026,
            "deadline": "2027-01-02",
            "invitation_id": str(assessment.invitation_id),
            "generation": 1,
            "contact_id": str(contact),
        },
    })  # fmt: skip


def test_a_campaign_with_cases_that_cannot_be_invited_invites_nobody_and_names_them(tx, supplier, emitted):
    (known, _), (mute, _) = supplier("gloves"), supplier("gloves", contacts=0)
    launch(tx, (known, "gloves"), year=2025)
    cases = ((known, "gloves"), (known, "beds"), (uuid4(), "gloves"), (mute, "gloves"))
    with pytest.raises(Invalid) as refused:
        launch(tx, *cases, year=2025, answer_by=date(2026, 1, 1))
    assert refused.value.faults == {
        "/answer_by": "has passed",
        "/cases/0": "already has an assessment that year",
        "/cases/1/category_id": "the supplier has no contract in this category",
        "/cases/2/supplier_id": "not known here yet",
        "/cases/3/supplier_id": "has no contact to invite",
    }
    assert len(about(emitted(tx), known, mute)) == 1


def test_two_campaigns_at_once_invite_a_case_only_once(db, received):
    with db.transaction() as tx:
        supplier_id, _ = register(tx, received, "gloves")

    def launch_too():
        with db.transaction() as other:
            launch(other, (supplier_id, "gloves"))

    with ThreadPoolExecutor(1) as pool:
        with db.transaction() as tx:
            launch(tx, (supplier_id, "gloves"))
            second = pool.submit(launch_too)
            wait_until(lambda: others_wait(tx))
        with pytest.raises(Invalid) as refused:
            second.result(timeout=10)
    assert refused.value.faults == {"/cases/0": "already has an assessment that year"}


def test_the_same_case_may_be_assessed_in_another_year(tx, supplier):
    supplier_id, _ = supplier("gloves")
    launch(tx, (supplier_id, "gloves"), year=2025)
    launch(tx, (supplier_id, "gloves"), year=2026)
    assert [each.year for each in listed(tx, supplier_id=supplier_id)["items"]] == [2025, 2026]


def test_an_older_state_of_a_supplier_never_replaces_a_newer_one(tx, supplier):
    supplier_id, _ = supplier("masks", version=2, name="Nya namnet AB")
    supplier("gloves", supplier_id=supplier_id, version=1, name="Gamla namnet AB")
    with pytest.raises(Invalid):
        launch(tx, (supplier_id, "gloves"))
    launch(tx, (supplier_id, "masks"))
    assert listed(tx, supplier_id=supplier_id)["items"][0].legal_name == "Nya namnet AB"


def test_a_changed_supplier_is_projected_as_a_registered_one_is(tx, supplier, received):
    supplier_id, _ = supplier("gloves")
    data = {"supplier_id": supplier_id, "legal_name": "B AB", "contacts": [], "contracts": []}
    changed = received(events.SupplierChanged, data, subject=str(supplier_id), version=2)
    usecases.project_suppliers(tx, [changed])
    assert repository.lock_suppliers(tx, [supplier_id])[supplier_id].category_ids == frozenset()


def test_a_list_goes_on_after_its_last_item(tx, supplier):
    supplier_id, _ = supplier("a", "b", "c")
    launch(tx, *[(supplier_id, category) for category in "abc"])
    first = listed(tx, supplier_id=supplier_id, limit=2)
    rest = listed(tx, supplier_id=supplier_id, limit=2, after=first["next"])
    assert [each.category_id for each in first["items"] + rest["items"]] == ["a", "b", "c"]
    assert rest["next"] is None


def test_a_completed_review_emits_the_whole_state(tx, case, token, emitted):
    submitted(tx, token, {"Q209": "no", "Q308": "0", "Q503": "yes", "Q101": "4", "Q502": "yes"})
    usecases.start_review(tx, case.assessment_id, NOW)
    usecases.complete_review(tx, case.assessment_id, outcome(GRID, "dialogue", ["Q209"]), NOW)
    event = emitted(tx)[-1]
    # PR1: 12 of 40 points in the general questions; some areas have a question more
    assert event["data"].pop("claimed")[0] == [27.2727272727, 30, 25, 25]
    assert event == {
        "type": "assessment_completed",
        "subject": f"{case.supplier_id}/gloves",
        "version": 1,
        "data": {
            "assessment_id": str(case.assessment_id),
            "supplier_id": str(case.supplier_id),
            "category_id": "gloves",
            "year": 2026,
            "state": "completed",
            "stage": "reviewed",
            "judged": GRID,
            "completeness": 7.41,
            "critical": ["Q308"],
            "severe_reported": True,
            "recommendation": "dialogue",
            "completed_at": "2026-11-21T09:30:00+00:00",
            "valid_until": "2027-11-21T09:30:00+00:00",
            "since": "2026-11-21T09:30:00+00:00",
        },
    }


def test_a_review_that_judges_nothing_leaves_the_case_self_declared(tx, case, token, emitted):
    submitted(tx, token, {"Q101": "4"})
    usecases.start_review(tx, case.assessment_id, NOW)
    usecases.complete_review(tx, case.assessment_id, outcome([[None] * 4] * 7), NOW)
    data = emitted(tx)[-1]["data"]
    assert (data["stage"], data["judged"], data["critical"], data["severe_reported"]) == (
        "self_declared",
        None,
        [],
        False,
    )


def test_a_review_cannot_resolve_a_flag_that_was_not_raised(tx, case, token, emitted):
    submitted(tx, token, {"Q209": "no"})
    usecases.start_review(tx, case.assessment_id, NOW)
    with pytest.raises(Invalid) as refused:
        usecases.complete_review(tx, case.assessment_id, outcome(resolved=["Q209", "Q308"]), NOW)
    assert refused.value.faults == {"/resolved_critical/1": "has no critical flag here"}
    assert [each["type"] for each in about(emitted(tx), case.supplier_id)] == ["assessment_invited"]


def test_each_step_waits_for_the_one_before_it(tx, case, token):
    with pytest.raises(Conflict, match="allowed: answer"):
        usecases.start_review(tx, case.assessment_id, NOW)
    submitted(tx, token, {"Q101": "4"})
    with pytest.raises(Conflict, match="allowed: review"):
        usecases.complete_review(tx, case.assessment_id, outcome(), NOW)
    usecases.start_review(tx, case.assessment_id, NOW)
    usecases.complete_review(tx, case.assessment_id, outcome(), NOW)
    with pytest.raises(Conflict, match="allowed: nothing more"):
        usecases.complete_review(tx, case.assessment_id, outcome(), NOW)


def test_what_is_not_there_is_said_to_be_missing(tx):
    for look in (usecases.get_assessment, usecases.get_campaign):
        with pytest.raises(NotFound, match=r"^There is no such [a-z ]+\.$"):
            look(tx, uuid7())


def test_the_gauges_count_states_and_the_unanswered_past_their_last_day(tx, supplier):
    def read(day):
        read = usecases.gauges(tx, NOW.replace(year=2100) + timedelta(days=day))
        return {(each.name, *each.labels.values()): each.value for each in read}

    before = read(1)
    supplier_id, _ = supplier("gloves")
    launch(tx, (supplier_id, "gloves"), answer_by=NOW.replace(year=2100).date())
    assert read(0) == before | {("assessments", "invited"): before["assessments", "invited"] + 1}
    assert read(1) == read(0) | {("assessments_overdue",): before["assessments_overdue",] + 1}
    assert [name for name in before if name[0] == "assessments"] == [
        ("assessments", state) for state in STATES
    ]
