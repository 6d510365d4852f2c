"""Use cases against a real database: what is stored, and what is emitted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest

from chassis import links
from chassis.errors import Conflict, Invalid, NotFound, Unauthorized
from chassis.ids import uuid7
from services.assessments import events, repository, usecases
from services.assessments.domain.case import STATES
from tests.backbone import wait_until

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
KEY = "a key for tests only"
GRID = [[50.0] * 4 for _ in range(7)]


def register(tx, received, *categories, contacts=1, supplier_id=None, version=1, name="Exempelleverantör AB"):
    """Make a supplier known and return its id and that of its first contact."""
    supplier_id, people = supplier_id or uuid7(), [uuid7() for _ in range(contacts)]
    data = {
        "supplier_id": supplier_id,
        "legal_name": name,
        "contacts": [{"contact_id": person, "email": "a@b.example", "role": None} for person in people],
        "contracts": [{"category_id": category, "regions": ["01"]} for category in categories],
    }
    event = received(events.SupplierRegistered, data, subject=str(supplier_id), version=version)
    usecases.project_suppliers(tx, [event])
    return supplier_id, people[0] if people else None


@pytest.fixture
def supplier(tx, received):
    """Make suppliers known in the test's own transaction."""
    return partial(register, tx, received)


def launch(tx, *cases, year=2026, answer_by=None):
    wanted = [{"supplier_id": supplier_id, "category_id": category_id} for supplier_id, category_id in cases]
    return usecases.launch_campaign(
        tx, {"name": "Omgång", "year": year, "answer_by": answer_by, "cases": wanted}, NOW
    )


def listed(tx, **filters):
    query = {"campaign_id": None, "supplier_id": None, "state": None, "after": None, "limit": 100} | filters
    return usecases.list_assessments(tx, query)


@pytest.fixture
def case(tx, supplier):
    """One invited case."""
    supplier_id, _ = supplier("gloves")
    campaign_id = launch(tx, (supplier_id, "gloves"))["campaign_id"]
    return listed(tx, campaign_id=campaign_id)["items"][0]


@pytest.fixture
def token(tx, case):
    """A session of the case's respondent."""
    return session(tx, case)["token"]


def session(tx, case, now=NOW):
    code = links.code(KEY, case.invitation_id, case.generation)
    return usecases.open_session(tx, {"invitation_id": case.invitation_id, "code": code}, KEY, now)


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
    assert (len(emitted(tx)), emitted(tx)[0]) == (3, {
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
    assert len(emitted(tx)) == 1


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
            wait_until(lambda: waits_for(tx))
        with pytest.raises(Invalid) as refused:
            second.result(timeout=10)
    assert refused.value.faults == {"/cases/0": "already has an assessment that year"}


def waits_for(tx):
    """Whether another transaction waits for what this one holds."""
    with tx.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return cursor.fetchone()


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


@pytest.mark.parametrize("code", ["", "x", "ett-försök", "A" * 43])
def test_a_wrong_code_and_an_unknown_invitation_look_the_same(tx, case, code):
    said = []
    for invitation_id in (case.invitation_id, uuid7()):
        with pytest.raises(Unauthorized) as refused:
            usecases.open_session(tx, {"invitation_id": invitation_id, "code": code}, KEY, NOW)
        said.append(refused.value.detail)
    assert said[0] == said[1]


def test_a_code_may_open_many_sessions_because_colleagues_share_the_work(tx, case):
    one, other = session(tx, case), session(tx, case)
    assert one["token"] != other["token"]
    assert one == {**other, "token": one["token"], "expires_at": NOW + timedelta(hours=12)}


def test_the_token_itself_is_stored_nowhere(tx, token):
    with tx.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM session WHERE session::text LIKE %s", [f"%{token}%"])
        assert cursor.fetchone()[0] == 0


@pytest.mark.parametrize("bearer", [None, "", "invented"])
def test_a_respondent_without_a_session_sees_nothing(tx, case, bearer):
    with pytest.raises(Unauthorized):
        usecases.get_form(tx, bearer, NOW)


def test_a_session_ends_at_its_hour(tx, token):
    usecases.get_form(tx, token, NOW + timedelta(hours=12, seconds=-1))
    with pytest.raises(Unauthorized):
        usecases.get_form(tx, token, NOW + timedelta(hours=12))


def test_raising_the_generation_ends_sessions_and_links(tx, case, token):
    with tx.cursor() as cursor:
        cursor.execute("UPDATE assessment SET generation = 2 WHERE assessment_id = %s", [case.assessment_id])
    with pytest.raises(Unauthorized):
        usecases.get_form(tx, token, NOW)
    with pytest.raises(Unauthorized):
        session(tx, case)


def test_expired_sessions_are_forgotten_and_living_ones_are_kept(tx, case):
    old, new = session(tx, case, NOW - timedelta(hours=13)), session(tx, case)
    assert usecases.forget_expired_sessions(lambda: nullcontext(tx), NOW) is False
    with tx.cursor() as cursor:
        hashes = [usecases._hashed(each["token"]) for each in (old, new)]
        cursor.execute("SELECT token_hash FROM session WHERE token_hash = ANY(%s)", [hashes])
        assert [row.token_hash for row in cursor.fetchall()] == hashes[1:]


def test_a_respondent_sees_only_its_own_case(tx, case, token):
    assert usecases.get_form(tx, token, NOW) == {
        "assessment_id": case.assessment_id,
        "legal_name": "Exempelleverantör AB",
        "category_id": "gloves",
        "year": 2026,
        "state": "invited",
        "deadline": date(2027, 1, 2),
        "editable": True,
        "submitted_at": None,
        "answers": {},
        "visible": usecases.get_form(tx, token, NOW)["visible"],
        "completeness": 0,
    }


def test_answers_are_merged_null_removes_one_and_follow_ups_open(tx, token):
    usecases.save_answers(
        tx, token, {"P06": "unknown", "Q108": 12.5, "Q111": ["rba", "eti"], "P01": "Handskar"}, NOW
    )
    form = usecases.save_answers(tx, token, {"P01": None, "Q111": [], "P03": 40}, NOW)
    assert (form["state"], form["answers"]) == ("in_progress", {"P06": "unknown", "Q108": 12.5, "P03": 40})
    assert {"Q210", "Q316", "Q606"} <= set(form["visible"])
    assert usecases.get_form(tx, token, NOW) == form


def test_one_wrong_answer_saves_none_and_every_one_is_named(tx, token):
    with pytest.raises(Invalid) as refused:
        usecases.save_answers(tx, token, {"Q101": "4", "Q108": 101, "Q999": "yes"}, NOW)
    assert refused.value.faults == {
        "/answers/Q108": "must be at most 100",
        "/answers/Q999": "is no question of this questionnaire",
    }
    assert usecases.get_form(tx, token, NOW)["answers"] == {}


def test_what_has_been_submitted_can_be_read_but_not_changed(tx, token):
    usecases.save_answers(tx, token, {"Q101": "4"}, NOW)
    form = usecases.submit_answers(tx, token, NOW)
    assert (form["state"], form["editable"], form["submitted_at"]) == ("submitted", False, NOW)
    with pytest.raises(Conflict, match="allowed: review"):
        usecases.save_answers(tx, token, {"Q101": "0"}, NOW)
    with pytest.raises(Conflict, match="allowed: review"):
        usecases.submit_answers(tx, token, NOW)
    assert usecases.get_form(tx, token, NOW) == form


def test_nothing_can_be_submitted_before_anything_was_answered(tx, token):
    with pytest.raises(Conflict, match="allowed: answer"):
        usecases.submit_answers(tx, token, NOW)


def submitted(tx, token, answers):
    usecases.save_answers(tx, token, answers, NOW)
    usecases.submit_answers(tx, token, NOW)


def outcome(judged=None, recommendation="none", resolved=()):
    return {"judged": judged, "recommendation": recommendation, "resolved_critical": list(resolved)}


def test_a_completed_review_emits_the_whole_state(tx, case, token, emitted):
    submitted(tx, token, {"Q209": "no", "Q308": "0", "Q503": "yes", "Q101": "4", "Q502": "yes"})
    usecases.start_review(tx, case.assessment_id, NOW)
    usecases.complete_review(tx, case.assessment_id, outcome(GRID, "dialogue", ["Q209"]), NOW)
    event = emitted(tx)[-1]
    # PR1: 12 of 40 points in the general questions; some areas have a question more
    assert event["data"].pop("claimed")[0] == [27.272727272727273, 30, 25, 25]
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
    assert [each["type"] for each in emitted(tx)] == ["assessment_invited"]


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
        with pytest.raises(NotFound):
            look(tx, uuid7())


def test_the_gauges_count_states_and_the_unanswered_past_their_last_day(tx, case, token):
    def read(now):
        return {(each.name, *each.labels.values()): each.value for each in usecases.gauges(tx, now)}

    on_time, late = read(NOW + timedelta(weeks=6)), read(NOW + timedelta(weeks=6, days=1))
    assert late[("assessments_overdue",)] - on_time[("assessments_overdue",)] == 1
    assert {name for name in late if name[0] == "assessments"} == {("assessments", state) for state in STATES}
    submitted(tx, token, {"Q101": "4"})
    assert read(NOW + timedelta(weeks=7))[("assessments_overdue",)] == late[("assessments_overdue",)] - 1
