"""The risk model: pure decisions, standard library only."""

from services.suppliers.domain.case import Case, Key, Rescored, rescore
from services.suppliers.domain.facts import parse_facts
from services.suppliers.domain.rules import AREAS, Index, Rules, parse_rules, read_values
from services.suppliers.domain.score import BANDS, NO_DATA, Area, Score, band, score

__all__ = [
    "AREAS",
    "BANDS",
    "NO_DATA",
    "Area",
    "Case",
    "Index",
    "Key",
    "Rescored",
    "Rules",
    "Score",
    "band",
    "parse_facts",
    "parse_rules",
    "read_values",
    "rescore",
    "score",
]
