"""From answers to the 7 × 4 matrix (PR1–PR7 by area, 0–100 or null), completeness and flags.

Formula (DOMAIN.md): a cell is 100 · Σ(weight · score) / Σ(4 · weight) over its visible scored questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.assessments.domain import answers as a
from services.assessments.domain import questionnaire as q

Matrix = list[list[Decimal | None]]

# Ten decimals survive a JSON number unchanged, so that who reads the event reckons with the very same cell.
_CELL = Decimal("1e-10")


@dataclass(frozen=True)
class Result:
    """What answers amount to.

    `completeness`: answered part of the visible scored questions, 0–100; `critical`: ids of the critical
    questions answered with score 0.
    """

    claimed: Matrix
    completeness: Decimal
    critical: list[str]
    severe_reported: bool


def assess(questionnaire: q.Questionnaire, answers: a.Answers) -> Result:
    """Score the answers; those to hidden questions count nowhere."""
    visible = a.visible(questionnaire, answers)
    return Result(
        claimed=matrix(visible, answers),
        completeness=completeness(visible, answers),
        critical=critical(visible, answers),
        severe_reported=severe_reported(questionnaire, visible, answers),
    )


def matrix(visible: Sequence[q.Question], answers: a.Answers) -> Matrix:
    """Return the cells: null where no visible scored question belongs; unanswered counts 0."""
    scored = [question for question in visible if question.scored]
    return [[_cell(scored, answers, requirement, area) for area in q.AREAS] for requirement in q.REQUIREMENTS]


def _cell(scored: Sequence[q.Question], answers: a.Answers, requirement: str, area: str) -> Decimal | None:
    mine = [each for each in scored if each.requirement == requirement and each.area in {area, q.GENERAL}]
    if not mine:
        return None
    reached = sum((each.weight * (score(each, answers.get(each.id)) or 0) for each in mine), Decimal(0))
    return (100 * reached / sum((each.weight * q.MAX_SCORE for each in mine), Decimal(0))).quantize(_CELL)


def score(question: q.Question, answer: Any) -> Decimal | None:
    """Return 0–4, or null for no answer and for an answer that isn't scored."""
    if answer is None:
        return None
    if question.type == q.SINGLE:
        return question.options[answer]
    if question.type == q.MULTI:
        return _capped(question, answer)
    if question.type == q.NUMBER:
        return Decimal(str(answer)) / 25 if question.percent else None
    return q.MAX_SCORE if question.type == q.FILE else None


def _capped(question: q.Question, answer: Sequence[str]) -> Decimal | None:
    scores = [points for value in answer if (points := question.options[value]) is not None]
    return min(question.score_cap, sum(scores, Decimal(0))) if scores else None


def completeness(visible: Sequence[q.Question], answers: a.Answers) -> Decimal:
    """Return the answered part of the visible scored questions, 0–100 with two decimals."""
    scored = [question.id for question in visible if question.scored]
    if not scored:
        return Decimal(100)
    answered = sum(1 for name in scored if name in answers)
    return (100 * Decimal(answered) / len(scored)).quantize(Decimal("0.01"))


def critical(visible: Sequence[q.Question], answers: a.Answers) -> list[str]:
    """Return the zero-tolerance flags: critical questions answered with score 0. No answer raises none."""
    return [each.id for each in visible if each.critical and score(each, answers.get(each.id)) == 0]


def severe_reported(
    questionnaire: q.Questionnaire, visible: Sequence[q.Question], answers: a.Answers
) -> bool:
    """Tell whether a visible answer reports a severe deviation."""
    asked = [each.id for each in visible if each.id in questionnaire.reporting]
    return any(questionnaire.reporting[name] & a.chosen(answers.get(name)) for name in asked)
