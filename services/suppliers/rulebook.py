"""Rule sets of the risk score: the packaged ones, and the check that every rule set goes through."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from chassis.loading import loader
from services.suppliers.domain import CountryModel, Rules, parse_country_model, parse_rules
from services.suppliers.domain.priority import PriorityRules, parse_priority_rules
from services.suppliers.schemas.rule_sets import RuleSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.suppliers.domain import Index

_HERE = Path(__file__).parent

# The rule set that new scores are computed with until the office switches another one on
PACKAGED_RULES = "2026-1"
# The national model that countries are shown by
COUNTRY_MODEL = "national-2022"


@cache
def packaged_rules() -> frozenset[str]:
    """Return the names of the rule sets that come with the service."""
    return frozenset(file.stem for file in (_HERE / "rules").glob("[0-9]*.toml"))


def rule_file(name: str) -> dict[str, Any]:
    """Return what a packaged rule set says."""
    text = (_HERE / "rules" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


@cache
def priority_rules() -> PriorityRules:
    """Return how the priority of a case is computed: the one file of this release."""
    return parse_priority_rules(rule_file("priority"))


@cache
def figure_rules() -> dict[str, Any]:
    """Return what a year's figures are called, and how few cases are not told of."""
    return rule_file("figures")


@cache
def rules(name: str = PACKAGED_RULES) -> Rules:
    """Return a packaged rule set by its name."""
    return checked_rules(name, rule_file(name))


def checked_rules(name: str, content: Mapping[str, Any]) -> Rules:
    """Return a rule set; raises marshmallow's ValidationError that names every fault in it."""
    return parse_rules(name, loader(RuleSet).load(content))


def checked_new_rules(name: str, content: Mapping[str, Any]) -> Rules:
    """Return a rule set to bring in; raises ValidationError that names every fault in it.

    It reads each index as those values are read that are imported, by the packaged rule set: all that there
    are, and will be, must be worth something in it.
    """
    found = checked_rules(name, content)
    faults = {index: fault for index, own in found.indices.items() if (fault := _unlike_imported(index, own))}
    if faults:
        raise ValidationError({"country": {"indices": {index: [faults[index]] for index in faults}}})
    return found


def _unlike_imported(name: str, index: Index) -> str | None:
    imported = rules().indices.get(name)
    if imported is None:
        return "No values of this index can be imported."
    if _scale(index) == _scale(imported):
        return None
    return f"Must have the range, labels and ratings by which {PACKAGED_RULES} reads what is imported."


def _scale(index: Index) -> tuple[Any, ...]:
    return (index.low, index.high, dict(index.labels), set(index.convert))


@cache
def country_model(name: str = COUNTRY_MODEL) -> CountryModel:
    """Return a model of country risk by its name; raises ModelError that names every fault in it."""
    text = (_HERE / "rules" / "country" / f"{name}.toml").read_text(encoding="utf-8")
    return parse_country_model(name, tomllib.loads(text, parse_float=Decimal))
