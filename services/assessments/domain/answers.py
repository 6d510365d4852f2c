"""Answers: which questions are shown because of them, and which answers are wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from services.assessments.domain import questionnaire as q

# question id -> str | number | list[str]; a question without an entry is unanswered
Answers = Mapping[str, Any]


def visible(questionnaire: q.Questionnaire, answers: Answers) -> list[q.Question]:
    """Return the questions shown, in order: each condition holds, and so does every condition above it."""

    def shown(question: q.Question) -> bool:
        condition = question.show_if
        return condition is None or (
            shown(questionnaire.questions[condition.question])
            and not {condition.equals, q.UNKNOWN}.isdisjoint(chosen(answers.get(condition.question)))
        )

    return [question for question in questionnaire.questions.values() if shown(question)]


def chosen(answer: Any) -> set[Any]:
    """Return the options that an answer holds; none for no answer."""
    if answer is None:
        return set()
    return set(answer) if isinstance(answer, list) else {answer}


def tidied(changes: Answers) -> dict[str, Any]:
    """Return the changes with null for every blank: an empty text or selection is no answer."""
    return {name: None if _is_blank(answer) else answer for name, answer in changes.items()}


def faults(questionnaire: q.Questionnaire, changes: Answers, text_limit: int) -> dict[str, str]:
    """Return what is wrong in tidied changes, by JSON pointer; null (remove the answer) is never wrong.

    A question that is hidden for the moment may be answered: the order in which a page saves must not matter.
    """
    found = {}
    for name, answer in changes.items():
        question = questionnaire.questions.get(name)
        fault = _fault(question, answer, text_limit) if question else "is no question of this questionnaire"
        if fault:
            found[_pointer(name)] = fault
    return found


def _fault(question: q.Question, answer: Any, text_limit: int) -> str | None:
    if answer is None:
        return None
    if question.type == q.SINGLE:
        return _single_fault(question, answer)
    if question.type == q.MULTI:
        return _multi_fault(question, answer)
    if question.type == q.NUMBER:
        return _number_fault(question, answer)
    return _text_fault(answer, text_limit)


def _single_fault(question: q.Question, answer: Any) -> str | None:
    if isinstance(answer, str) and answer in question.options:
        return None
    return f"must be one of: {', '.join(question.options)}"


def _multi_fault(question: q.Question, answer: Any) -> str | None:
    offered = set(question.options)
    if not isinstance(answer, list) or any(
        not isinstance(each, str) or each not in offered for each in answer
    ):
        return f"must be a list of some of: {', '.join(question.options)}"
    return None if len(set(answer)) == len(answer) else "must name no option twice"


def _number_fault(question: q.Question, answer: Any) -> str | None:
    number = isinstance(answer, int | float | Decimal) and not isinstance(answer, bool)
    if not number or not -math.inf < answer < math.inf:
        return "must be a number"
    if question.low is not None and answer < question.low:
        return f"must be at least {question.low}"
    if question.high is not None and answer > question.high:
        return f"must be at most {question.high}"
    return None


def _text_fault(answer: Any, limit: int) -> str | None:
    """A file's answer is the name of the attached document."""
    if not isinstance(answer, str):
        return "must be text"
    if "\0" in answer:  # PostgreSQL's jsonb cannot hold it
        return "must not contain the character NUL"
    return None if len(answer) <= limit else f"must be at most {limit} characters"


def _is_blank(answer: Any) -> bool:
    return answer == [] or (isinstance(answer, str) and not answer.strip())


def _pointer(name: str) -> str:
    escaped = name.replace("~", "~0").replace("/", "~1")
    return f"/answers/{escaped}"
