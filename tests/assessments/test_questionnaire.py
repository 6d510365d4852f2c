"""A questionnaire's document is read whole or refused with every fault named."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from services.assessments.domain import reading
from tests.assessments.questionnaires import after, document, question

HERE = Path(reading.__file__).parents[1]


def faults(*questions, reporting=None, **changes):
    with pytest.raises(reading.QuestionnaireError) as refused:
        reading.read(document(*questions, **changes), reporting or {})
    return refused.value.faults


def test_the_questionnaire_in_use_has_no_faults():
    rules = tomllib.loads((HERE / "rules.toml").read_text())
    read = reading.read(json.loads((HERE / "questionnaire.json").read_text()), rules["severe_reported"])
    asked = read.questions.values()
    assert (read.id, read.version, len(asked)) == ("saq-regions-2026", "1.0", 72)
    assert sum(each.critical for each in asked) == 9
    assert sum(each.show_if is not None for each in asked) == 7
    assert sum(each.scored for each in asked) == 58


@pytest.mark.parametrize(("entry", "fault"), [
    (question("Q", type="essay", options=[]), "unknown type 'essay'"),
    (question("Q", area="space"), "unknown area 'space'"),
    (question("Q", process_requirement="PR8"), "unknown process requirement 'PR8'"),
    (question("Q", section="z"), "unknown section 'z'"),
    (question("Q", critical="yes"), "critical must be true or false"),
    (question("Q", text_en=""), "no text_en"),
    (question("Q", options=[]), "a choice has no options"),
    (question("Q", "file", options=question("O")["options"][:1]), "options where nothing is chosen"),
    (question("Q", scores={"a": 5}), "option 'a' scores 5, outside 0–4"),
    (question("Q", scores={"a": -1}), "option 'a' scores -1, outside 0–4"),
    (question("Q", scores={"a": None}), "option 'a' has no score, but the question weighs"),
    (question("Q", options=[{"value": "a", "score": 1, "label_sv": "a"}]), "option 'a' has no label_en"),
    (question("Q", options=question("O", scores={"a": 1})["options"] * 2), "option 'a' is there twice"),
    (question("Q", weight=-1), "weight -1 is not a number from 0"),
    (question("Q", weight=None), "weight None is not a number from 0"),
    (question("Q", weight=True), "weight True is not a number from 0"),
    (question("Q", process_requirement=None), "a profile question weighs"),
    (question("Q", "text"), "a text weighs, but cannot be scored"),
    (question("Q", "number", unit="audits"), "a number that is no percentage weighs, but cannot be scored"),
    (question("Q", "number", unit="percent", min=0, max=400), "a scored percentage must range from 0 to 100"),
    (question("Q", "number", weight=0, min=9, max=1), "min 9 is above max 1"),
    (question("Q", "number", weight=0, min="0"), "min and max must be numbers"),
    (question("Q", "multi_choice", score_cap=5), "score_cap 5 is outside 0–4"),
    (question("Q", scores={"a": 1}, critical=True), "critical, but no answer scores 0"),
    (question("Q", "file", critical=True), "critical, but no answer scores 0"),
    (question("Q", show_if=after("X", "yes")), "show_if names an unknown question 'X'"),
    (question("Q", show_if=after("Q", "yes")), "show_if leads back to the question itself"),
])  # fmt: skip
def test_each_fault_of_a_question_is_named(entry, fault):
    assert faults(entry) == [f"Q: {fault}"]


def test_a_condition_may_only_wait_for_what_its_question_offers():
    assert faults(question("A"), question("B", show_if=after("A", "maybe"))) == [
        "B: show_if waits for 'maybe', which A does not offer"
    ]


def test_conditions_in_a_circle_are_faults_of_each_question_in_it():
    circle = [question(a, show_if=after(b, "yes")) for a, b in ("AB", "BC", "CA")]
    beside = question("D", show_if=after("A", "yes"))
    assert faults(*circle, beside) == [f"{name}: show_if leads back to the question itself" for name in "ABC"]


def test_what_reports_a_severe_deviation_must_be_asked_and_offered():
    assert faults(question("A"), reporting={"A": ["perhaps"], "X": ["yes"]}) == [
        "severe_reported waits for 'perhaps', which A does not offer",
        "severe_reported names an unknown question 'X'",
    ]


def test_every_fault_is_named_at_once():
    assert faults(
        question("A", area="space", weight=-1), question("A"), question("B", show_if=after("X", "y")), id=None
    ) == [
        "the document has no id",
        "A: the id is used twice",
        "A: unknown area 'space'",
        "A: weight -1 is not a number from 0",
        "B: show_if names an unknown question 'X'",
    ]


def test_a_document_without_questions_is_refused():
    assert faults() == ["the document has no questions"]
