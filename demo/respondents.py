"""Respondents: they follow the link in their mail, answer and submit over HTTP."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.api import Api
    from demo.fiction import Fictive

# The levels (0–4) that each manner chooses from, and how often a question stays unanswered.
_LEVELS: dict[str, tuple[tuple[int, ...], float]] = {
    "good": ((3, 4, 4, 4), 0.02),
    "mediocre": ((1, 2, 2, 3), 0.1),
    "weak": ((0, 1, 1), 0.35),
    "alarming": ((0, 0, 1), 0.1),
    "open": ((2, 3), 0.45),
}


def respond(
    assessments: Api, questions: list[dict[str, Any]], invitation: tuple[str, str], fictive: Fictive
) -> str:
    """Answer one self-assessment as a respondent would, in two sittings; return the assessment's id."""
    session = assessments.call("POST", "/sessions", {"invitation_id": invitation[0], "code": invitation[1]})
    token: str = session["token"]
    chance = random.Random(fictive.address)  # noqa: S311  a spread, not a secret
    for _sitting in range(2):  # answers open further questions
        form = assessments.call("GET", "/respondent/assessment", token=token)
        shown = [q for q in questions if q["id"] in form["visible"] and q["id"] not in form["answers"]]
        answers = {q["id"]: answer(q, fictive.manner, chance) for q in shown}
        given = {key: value for key, value in answers.items() if value is not None}
        assessments.call("PUT", "/respondent/answers", {"answers": given}, token=token)
    assessments.call("POST", "/respondent/submission", token=token)
    return str(session["assessment_id"])


def answer(question: dict[str, Any], manner: str, chance: random.Random) -> object:
    """Return an answer in this manner, or None for a question that stays open."""
    levels, open_share = _LEVELS[manner]
    level = chance.choice(levels)
    if chance.random() < open_share and not (question["critical"] and manner != "open"):
        return None
    kind = question["type"]
    if kind == "number":
        return level * 25 if question.get("unit") == "percent" else 10
    if kind == "text":
        return "Exempelsvar."
    if kind == "file":
        return None
    return _option(question, level, manner)


def _option(question: dict[str, Any], level: int, manner: str) -> object:
    options = question["options"]
    scored = [option for option in options if option["score"] is not None]
    if not scored:  # profile and reporting questions
        values = [option["value"] for option in options]
        plain = ["unknown", "no", "none"] if manner == "open" else ["no", "none"]
        chosen = next((value for value in plain if value in values), values[0])
        return [chosen] if question["type"] == "multi_choice" else chosen
    if question["type"] == "multi_choice":
        return [option["value"] for option in scored[: max(level, 1)]]
    # only the alarming ones admit to nothing at all on a critical question
    candidates = (
        [o for o in scored if o["score"] > 0] if question["critical"] and manner != "alarming" else scored
    )
    return min(candidates, key=lambda option: abs(option["score"] - level))["value"]
