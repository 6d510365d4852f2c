"""The risk model: pure decisions, standard library only."""

from services.suppliers.domain.case import FLAGS, Case, Key, Previous, Rescored, flags, rescore
from services.suppliers.domain.facts import parse_facts
from services.suppliers.domain.matrix import Cell
from services.suppliers.domain.rules import AREAS, Index, Rules, parse_rules, read_values
from services.suppliers.domain.score import BANDS, NO_DATA, Area, Score, band, differences, score
from services.suppliers.domain.whatif import ROWS, CellChange, Way, changed, ways_to

__all__ = [
    "AREAS",
    "BANDS",
    "FLAGS",
    "NO_DATA",
    "ROWS",
    "Area",
    "Case",
    "Cell",
    "CellChange",
    "Index",
    "Key",
    "Previous",
    "Rescored",
    "Rules",
    "Score",
    "Way",
    "band",
    "changed",
    "differences",
    "flags",
    "parse_facts",
    "parse_rules",
    "read_values",
    "rescore",
    "score",
    "ways_to",
]
