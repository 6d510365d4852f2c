"""The risk model: pure decisions, standard library only."""

from services.suppliers.domain.case import FLAGS, Case, Kept, Key, Previous, Rescored, flags, rescore
from services.suppliers.domain.country import (
    COUNTRY_BANDS,
    CountryModel,
    CountryRisk,
    ModelError,
    country_risk,
    parse_country_model,
)
from services.suppliers.domain.cpv import proposed, search
from services.suppliers.domain.facts import parse_facts, utc_day
from services.suppliers.domain.indices import SHEET_COLUMNS, Published, read_sheet
from services.suppliers.domain.inherent import Inherents
from services.suppliers.domain.matrix import Cell, cells
from services.suppliers.domain.names import name_key, numbers_of
from services.suppliers.domain.rules import AREAS, Index, Rules, parse_rules, read_values
from services.suppliers.domain.score import BANDS, NO_DATA, Area, Score, band, differences, score
from services.suppliers.domain.whatif import ROWS, CellChange, Way, changed, reaches, ways_to
from services.suppliers.domain.work import parse_work

__all__ = [
    "AREAS",
    "BANDS",
    "COUNTRY_BANDS",
    "FLAGS",
    "NO_DATA",
    "ROWS",
    "SHEET_COLUMNS",
    "Area",
    "Case",
    "Cell",
    "CellChange",
    "CountryModel",
    "CountryRisk",
    "Index",
    "Inherents",
    "Kept",
    "Key",
    "ModelError",
    "Previous",
    "Published",
    "Rescored",
    "Rules",
    "Score",
    "Way",
    "band",
    "cells",
    "changed",
    "country_risk",
    "differences",
    "flags",
    "name_key",
    "numbers_of",
    "parse_country_model",
    "parse_facts",
    "parse_rules",
    "parse_work",
    "proposed",
    "reaches",
    "read_sheet",
    "read_values",
    "rescore",
    "score",
    "search",
    "utc_day",
    "ways_to",
]
