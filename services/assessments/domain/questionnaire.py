"""A questionnaire's shape: what a question asks, what its answers score, when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

REQUIREMENTS = ("PR1", "PR2", "PR3", "PR4", "PR5", "PR6", "PR7")
AREAS = ("human_rights", "workers_rights", "environment", "business_ethics")
GENERAL = "general"  # counts in all four areas of its requirement
REPORTING = "RO"  # the duties to report and cooperate: a row beside the matrix, not in it
SINGLE, MULTI, NUMBER, FILE, TEXT = "single_choice", "multi_choice", "number", "file", "text"
TYPES = (SINGLE, MULTI, NUMBER, FILE, TEXT)
UNKNOWN = "unknown"  # "don't know": opens every follow-up of its question
MAX_SCORE = Decimal(4)


@dataclass(frozen=True)
class Condition:
    """Shown when `question` is shown and answered `equals` (or `unknown`)."""

    question: str
    equals: str


@dataclass(frozen=True)
class Question:
    """One question. Scores are 0–4; `options` maps an option to its score, null = not scored."""

    id: str
    type: str
    area: str
    requirement: str | None
    weight: Decimal
    critical: bool
    options: Mapping[str, Decimal | None]
    show_if: Condition | None
    percent: bool
    low: Decimal | None
    high: Decimal | None
    score_cap: Decimal

    @property
    def scored(self) -> bool:
        """Whether its answer weighs in a score."""
        return self.weight > 0


@dataclass(frozen=True)
class Questionnaire:
    """Questions in the order asked; `reporting`: the answers that report a severe deviation."""

    id: str
    version: str
    questions: Mapping[str, Question]
    reporting: Mapping[str, frozenset[str]]


def build(document: Mapping[str, Any], reporting: Mapping[str, list[str]]) -> Questionnaire:
    """Return the questionnaire of a document that has no faults."""
    return Questionnaire(
        id=document["id"],
        version=document["version"],
        questions={entry["id"]: _question(entry) for entry in document["questions"]},
        reporting={question: frozenset(answers) for question, answers in reporting.items()},
    )


def _question(entry: Mapping[str, Any]) -> Question:
    show_if, cap = entry["show_if"], _number(entry.get("score_cap"))
    return Question(
        id=entry["id"],
        type=entry["type"],
        area=entry["area"],
        requirement=entry["process_requirement"],
        weight=Decimal(str(entry["weight"])),
        critical=entry["critical"],
        options={option["value"]: _number(option["score"]) for option in entry["options"]},
        show_if=Condition(show_if["question"], show_if["equals"]) if show_if else None,
        percent=entry.get("unit") == "percent",
        low=_number(entry.get("min")),
        high=_number(entry.get("max")),
        score_cap=MAX_SCORE if cap is None else cap,
    )


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
