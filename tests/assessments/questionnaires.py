"""Small questionnaires for tests: each names only what its rule is about."""

from __future__ import annotations

from typing import Any

from services.assessments.domain import reading
from services.assessments.domain.questionnaire import Questionnaire

YES_NO = {"yes": 4, "no": 0, "unknown": 0}


def options(scores: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"value": value, "score": score, "label_sv": value, "label_en": value}
        for value, score in scores.items()
    ]


def question(
    name: str, kind: str = "single_choice", scores: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """A scored yes/no question of PR1, general, unless said otherwise."""
    choice = kind in {"single_choice", "multi_choice"}
    return {
        "id": name, "type": kind, "section": "s",
        "area": "general", "process_requirement": "PR1", "weight": 1,
        "text_sv": name, "text_en": name, "critical": False, "show_if": None,
        "options": options(scores or YES_NO) if choice else [],
    } | changes  # fmt: skip


def after(name: str, equals: str) -> dict[str, str]:
    return {"question": name, "equals": equals}


def document(*questions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"id": "test", "version": "1", "sections": [{"id": "s"}], "questions": list(questions)} | changes


def questionnaire(*questions: dict[str, Any], reporting: dict[str, list[str]] | None = None) -> Questionnaire:
    return reading.read(document(*questions), reporting or {})
