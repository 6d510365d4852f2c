"""What this service decides by that is data: questionnaire, periods and limits; and the respondent's page.

Read once, when the service starts: a faulty file keeps it from starting.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.assessments.domain import reading


@dataclass(frozen=True, slots=True)
class Rules:
    """The values of rules.toml; units are in their names."""

    answer_weeks: int
    valid_years: int
    session_hours: int
    text_limit: int
    contact_roles: list[str]
    severe_reported: dict[str, list[str]]


def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


RULES = Rules(**tomllib.loads(_text("rules.toml")))
DOCUMENT: dict[str, Any] = json.loads(_text("questionnaire.json"))
QUESTIONNAIRE = reading.read(DOCUMENT, RULES.severe_reported)
PAGE = _text("respond.html")
