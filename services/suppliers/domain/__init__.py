"""The risk model: pure decisions, standard library only."""

from services.suppliers.domain.facts import Facts, parse_facts
from services.suppliers.domain.rules import AREAS, Index, Rules, parse_rules
from services.suppliers.domain.score import NO_DATA, Area, Score, band, score

__all__ = [
    "AREAS",
    "NO_DATA",
    "Area",
    "Facts",
    "Index",
    "Rules",
    "Score",
    "band",
    "parse_facts",
    "parse_rules",
    "score",
]
