"""The respondent's side against a real database: sessions, answers, submission."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta

import pytest

from chassis.errors import Conflict, Invalid, Unauthorized
from chassis.ids import uuid7
from services.assessments import usecases
from tests.assessments.steps import KEY, NOW, session


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
