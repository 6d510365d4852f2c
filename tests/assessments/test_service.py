"""The running service over real HTTP and broker: from a supplier's registration to a completed assessment."""

from __future__ import annotations

from uuid import uuid4

import pytest

from chassis import links
from tests.asking import ask
from tests.assessments.steps import KEY
from tests.backbone import wait_until

CATEGORY = {
    "names": {"sv": "Handskar", "en": "Gloves"},
    "analysis": [{"likelihood": 3, "severity": 3, "valid_until": "2028-12-31"}] * 4,
}
SUPPLIER = {
    "legal_name": "Exempelleverantör 901 AB",
    "country": "SE",
    "language": "sv",
    "contacts": [
        {"name": "Ada", "email": "ada@leverantor901.example", "language": "sv", "role": "sustainability"}
    ],
    "sites": [{"name": "Verket", "tier": 0, "country": "SE", "category_ids": ["assessed-gloves"]}],
    "contracts": [
        {
            "category_id": "assessed-gloves",
            "regions": ["01"],
            "clause_level": "advanced",
            "clause_version": "2026",
            "starts_on": "2026-01-01",
            "ends_on": "2030-12-31",
            "value_ore": 1_000_000,
        }
    ],
}


@pytest.fixture(scope="module")
def case(platform):
    """An invited case of a supplier that was registered over HTTP."""
    assert platform.send("PUT", "suppliers", "/categories/assessed-gloves", CATEGORY).ok
    registered = platform.send("POST", "suppliers", "/suppliers", SUPPLIER)
    assert registered.status_code == 201, registered.text
    supplier_id = registered.json()["supplier_id"]
    cases = [{"supplier_id": supplier_id, "category_id": "assessed-gloves"}]
    body = {"name": "Omgång", "year": 2026, "cases": cases}
    wait_until(lambda: platform.send("POST", "assessments", "/campaigns", body).status_code == 201)
    return platform.get("assessments", "/assessments", supplier_id=supplier_id)["items"][0]


def sent(platform, method, path, body=None, token=None):
    """The status and JSON of an answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = ask(method, platform.url("assessments", path), json=body, headers=headers)
    return response.status_code, response.json()


def test_a_registered_supplier_answers_and_the_office_completes_the_review(platform, case):
    code = links.code(KEY, case["invitation_id"], case["generation"])
    status, session = sent(
        platform, "POST", "/sessions", {"invitation_id": case["invitation_id"], "code": code}
    )
    assert (status, session["assessment_id"]) == (200, case["assessment_id"])
    token = session["token"]
    status, form = sent(
        platform, "PUT", "/respondent/answers", {"answers": {"Q101": "4", "Q108": 12.5}}, token
    )
    assert (status, form["state"], form["answers"]) == (200, "in_progress", {"Q101": "4", "Q108": 12.5})
    assert sent(platform, "POST", "/respondent/submission", token=token)[1]["editable"] is False
    at = f"/assessments/{case['assessment_id']}"
    assert sent(platform, "POST", f"{at}/review")[1]["state"] == "under_review"
    outcome = {"judged": [[50, None, 10.5, 0], *[[None] * 4] * 6], "recommendation": "dialogue"}
    assert sent(platform, "POST", f"{at}/completion", outcome)[0] == 200
    kept = platform.get("assessments", at)
    assert (kept["state"], kept["stage"], kept["judged"]) == ("completed", "reviewed", outcome["judged"])
    # PR1: 12.5 of 40 points in the general questions; some areas have a question more
    assert kept["claimed"][0] == [28.4090909091, 31.25, 26.0416666667, 26.0416666667]


def test_every_wrong_field_of_a_campaign_is_named(platform):
    body = {"name": "", "year": "x", "answer_by": "2026-13-01", "cases": [{"supplier_id": "1"}], "extra": 1}
    status, problem = sent(platform, "POST", "/campaigns", body)
    assert (status, problem["errors"]) == (422, [
        {"pointer": "/answer_by", "detail": "Not a valid date."},
        {"pointer": "/cases/0/category_id", "detail": "Missing data for required field."},
        {"pointer": "/cases/0/supplier_id", "detail": "Not a valid UUID."},
        {"pointer": "/extra", "detail": "Unknown field."},
        {"pointer": "/name", "detail": "Must contain a visible character."},
        {"pointer": "/year", "detail": "Not a valid integer."},
    ])  # fmt: skip


def test_a_wrong_code_and_an_unknown_invitation_get_the_same_answer(platform, case):
    answers = [
        sent(platform, "POST", "/sessions", {"invitation_id": invitation_id, "code": "wrong"})
        for invitation_id in (case["invitation_id"], str(uuid4()))
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


def test_reading_the_page_consumes_nothing_and_loads_nothing_from_elsewhere(platform, case):
    page = ask("GET", platform.url("assessments", "/respond"))
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_the_questionnaire_is_open_with_its_scores(platform):
    questions = platform.get("assessments", "/questionnaire")["questions"]
    assert len(questions) == 72
    assert [option["score"] for option in questions[7]["options"]] == [0, 1, 2, 3, 4]
