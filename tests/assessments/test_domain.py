"""Answers and scores, decided without any database."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.assessments.domain import answers, scoring
from services.assessments.domain.questionnaire import AREAS, REQUIREMENTS
from tests.assessments.questionnaires import after, question, questionnaire

CHAIN = questionnaire(
    question("A"),
    question("B", show_if=after("A", "yes")),
    question("C", show_if=after("B", "no")),
    question("M", "multi_choice", scores={"x": 1, "y": 2, "unknown": 0}),
    question("N", show_if=after("M", "y")),
)


@pytest.mark.parametrize(("given", "shown"), [
    ({}, "AM"),
    ({"A": "no"}, "AM"),
    ({"A": "yes"}, "ABM"),
    ({"A": "unknown"}, "ABM"),
    ({"A": "yes", "B": "no"}, "ABCM"),
    ({"A": "unknown", "B": "unknown"}, "ABCM"),
    ({"A": "yes", "B": "yes"}, "ABM"),
    ({"A": "no", "B": "no"}, "AM"),  # an answer left behind in a hidden question opens nothing
    ({"M": ["x", "y"]}, "AMN"),
    ({"M": ["x"]}, "AM"),
    ({"M": ["unknown"]}, "AMN"),
])  # fmt: skip
def test_a_question_is_shown_when_its_condition_and_those_above_it_hold(given, shown):
    assert "".join(each.id for each in answers.visible(CHAIN, given)) == shown


KINDS = questionnaire(
    question("S"),
    question("M", "multi_choice", scores={"x": 1, "y": 2}),
    question("N", "number", weight=0, min=0, max=10),
    question("P", "number", unit="percent", min=0, max=100),
    question("F", "file"),
    question("T", "text", weight=0),
)


@pytest.mark.parametrize(("name", "answer", "fault"), [
    ("S", "yes", None),
    ("S", None, None),
    ("S", "perhaps", "must be one of: yes, no, unknown"),
    ("S", ["yes"], "must be one of: yes, no, unknown"),
    ("S", {"yes": 1}, "must be one of: yes, no, unknown"),
    ("M", ["x", "y"], None),
    ("M", "x", "must be a list of some of: x, y"),
    ("M", ["x", "z"], "must be a list of some of: x, y"),
    ("M", [["x"]], "must be a list of some of: x, y"),
    ("M", ["x", "x"], "must name no option twice"),
    ("N", 0, None),
    ("N", 9.5, None),
    ("N", 10, None),
    ("N", -1, "must be at least 0"),
    ("N", 10.01, "must be at most 10"),
    ("N", "7", "must be a number"),
    ("N", True, "must be a number"),
    ("N", float("nan"), "must be a number"),
    ("F", "report.pdf", None),
    ("F", 4, "must be text"),
    ("T", "Ja – vi börjar 2027", None),
    ("T", "x" * 51, "must be at most 50 characters"),
    ("T", "a\0b", "must not contain the character NUL"),
])  # fmt: skip
def test_an_answer_must_be_of_its_question_s_kind_and_range(name, answer, fault):
    assert answers.faults(KINDS, {name: answer}, text_limit=50) == (
        {f"/answers/{name}": fault} if fault else {}
    )


def test_every_wrong_answer_is_named_at_once():
    assert answers.faults(KINDS, {"S": "x", "a/b~": 1, "N": 3, "P": 101}, text_limit=50) == {
        "/answers/S": "must be one of: yes, no, unknown",
        "/answers/a~1b~0": "is no question of this questionnaire",
        "/answers/P": "must be at most 100",
    }


def test_a_blank_is_no_answer():
    changes = {"T": "  \n", "M": [], "S": "yes", "N": 0}
    assert answers.tidied(changes) == {"T": None, "M": None, "S": "yes", "N": 0}


SCORES = questionnaire(
    question("S"),
    question("M", "multi_choice", scores={"x": 1, "y": 2, "z": 2}, score_cap=4),
    question("L", "multi_choice", scores={"x": 1, "y": 2}, score_cap=2),
    question("P", "number", unit="percent", min=0, max=100),
    question("N", "number", weight=0, min=0, max=100),
    question("F", "file"),
    question("T", "text", weight=0),
    question("I", "multi_choice", scores={"x": None}, weight=0),
)


@pytest.mark.parametrize(("name", "answer", "score"), [
    ("S", "yes", "4"), ("S", "no", "0"), ("S", None, None),
    ("M", ["x"], "1"), ("M", ["x", "y"], "3"), ("M", ["x", "y", "z"], "4"), ("L", ["x", "y"], "2"),
    ("P", 0, "0"), ("P", 50, "2"), ("P", 12.5, "0.5"), ("P", Decimal("99.9"), "3.996"), ("P", 100, "4"),
    ("N", 100, None), ("F", "report.pdf", "4"), ("F", None, None), ("T", "words", None), ("I", ["x"], None),
])  # fmt: skip
def test_each_kind_of_question_has_its_own_score(name, answer, score):
    assert scoring.score(SCORES.questions[name], answer) == (None if score is None else Decimal(score))


def cells(matrix):
    """The non-null cells, as text, by requirement and area."""
    return {
        f"{requirement} {area}": f"{cell.normalize():f}"
        for requirement, row in zip(REQUIREMENTS, matrix, strict=True)
        for area, cell in zip(AREAS, row, strict=True)
        if cell is not None
    }


def test_a_cell_is_the_weighted_share_of_its_own_and_the_general_questions():
    asked = questionnaire(
        question("G", weight=3),
        question("H", weight=1, area="human_rights"),
        question("E", weight=2, area="environment", process_requirement="PR7"),
    )
    assert cells(scoring.assess(asked, {"G": "yes", "H": "no", "E": "yes"}).claimed) == {
        "PR1 human_rights": "75",
        "PR1 workers_rights": "100",
        "PR1 environment": "100",
        "PR1 business_ethics": "100",
        "PR7 environment": "100",
    }


def test_reporting_and_profile_questions_are_not_in_the_matrix():
    asked = questionnaire(
        question("R", process_requirement="RO"),
        question("P", process_requirement=None, weight=0),
    )
    assert cells(scoring.assess(asked, {"R": "yes", "P": "yes"}).claimed) == {}


def test_a_hidden_question_counts_nowhere_even_if_answered():
    asked = questionnaire(
        question("A", area="environment"),
        question("B", area="human_rights", critical=True, show_if=after("A", "yes")),
    )
    result = scoring.assess(asked, {"A": "no", "B": "no"})
    assert (cells(result.claimed), result.critical, result.completeness) == (
        {"PR1 environment": "0"},
        [],
        100,
    )


def test_an_unanswered_question_counts_zero_and_lowers_completeness_but_raises_no_flag():
    asked = questionnaire(*[question(name, critical=True, area="environment") for name in "ABC"])
    result = scoring.assess(asked, {"A": "yes"})
    assert cells(result.claimed) == {"PR1 environment": "33.3333333333"}
    assert (result.completeness, result.critical) == (Decimal("33.33"), [])


def test_a_critical_question_answered_with_score_zero_is_flagged():
    asked = questionnaire(
        question("A", critical=True),
        question("B", critical=True),
        question("C"),
        question("D", "number", unit="percent", min=0, max=100, critical=True),
    )
    assert scoring.assess(asked, {"A": "no", "B": "yes", "C": "no", "D": 0}).critical == ["A", "D"]


REPORTING = questionnaire(
    question("Q503", scores={"yes": 0, "no": 0, "unknown": 0}),
    question(
        "Q504", "multi_choice", scores={"child_labour": 0, "none_of_these": 0}, show_if=after("Q503", "yes")
    ),
    reporting={"Q503": ["yes"], "Q504": ["child_labour"]},
)


@pytest.mark.parametrize(("given", "reported"), [
    ({}, False),
    ({"Q503": "no"}, False),
    ({"Q503": "yes"}, True),
    ({"Q503": "unknown"}, False),
    ({"Q503": "unknown", "Q504": ["child_labour"]}, True),
    ({"Q503": "unknown", "Q504": ["none_of_these"]}, False),
    ({"Q503": "no", "Q504": ["child_labour"]}, False),
])  # fmt: skip
def test_a_severe_deviation_is_reported_by_a_visible_answer_that_says_so(given, reported):
    assert scoring.assess(REPORTING, given).severe_reported is reported
