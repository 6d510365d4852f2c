"""What would a case's score be if something were different; nothing is written."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.errors import Invalid
from services.suppliers import domain, repository
from services.suppliers.usecases import risk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from chassis.access import Identity
    from chassis.db import Transaction
    from services.suppliers.domain import Rules, Score, Way
    from services.suppliers.domain.facts import Facts


def suppose(
    tx: Transaction, supplier_id: UUID, asked: Mapping[str, Any], actor: Identity, now: datetime
) -> dict[str, Any]:
    """Return a case's score on today's facts, with what is supposed, and the ways to the band asked for.

    Raises NotFound for a case that there is not or that is out of reach, Invalid for what it does not have.
    """
    case = risk.case_within_reach(tx, supplier_id, asked["category_id"], actor)
    rules, then_rules = repository.rule_sets.active(tx), _rules(tx, asked["rule_set"])
    ids = [UUID(entry["deviation_id"]) for entry in case.inputs["deviations"]]
    closed = _places(ids, asked["closed_deviations"])
    facts = domain.parse_facts(case.inputs)
    cells = [domain.CellChange(**{**each, "score": Decimal(each["score"])}) for each in asked["cells"]]
    supposed = domain.changed(facts, cells, closed, then_rules, now)
    then, goal = domain.score(supposed, then_rules, now), asked["reach"]
    ways = domain.ways_to(supposed, goal, then_rules, now) if goal else None
    left = [each for place, each in enumerate(ids) if place not in closed]
    return {
        "category_id": asked["category_id"],
        "as_of": now,
        "rule_set": then_rules.name,
        "now": _terms(facts, domain.score(facts, rules, now), rules, now),
        "then": _terms(supposed, then, then_rules, now),
        "reached": domain.reaches(then, goal) if goal else None,
        "ways": None if ways is None else [_shown(way, left) for way in ways],
    }


def _terms(facts: Facts, found: Score, rules: Rules, now: datetime) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in ("score", "band", "areas")}
    return {**told, "cells": domain.cells(facts, rules, now)}


def _rules(tx: Transaction, name: str | None) -> Rules:
    if name is None:
        return repository.rule_sets.active(tx)
    try:
        return repository.rule_sets.named(tx, name)
    except KeyError:
        raise Invalid({"/rule_set": "There is no such rule set."}) from None


def _places(ids: Sequence[UUID], closed: Sequence[UUID]) -> frozenset[int]:
    faults = {
        f"/closed_deviations/{i}": "The case has no such open deviation."
        for i, each in enumerate(closed)
        if each not in ids
    }
    if faults:
        raise Invalid(faults)
    return frozenset(ids.index(each) for each in closed)


def _shown(way: Way, ids: Sequence[UUID]) -> dict[str, Any]:
    deviation_id = None if way.deviation is None else ids[way.deviation]
    return {"score": way.score, "band": way.band, "cell": way.cell, "deviation_id": deviation_id}
