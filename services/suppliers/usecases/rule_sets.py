"""Rule sets: bring in, try on everything, switch on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from chassis import trail
from chassis.errors import Conflict, Invalid, NotFound
from chassis.http.pointers import pointers
from services.suppliers import repository, rulebook, schemas
from services.suppliers.usecases import waves

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chassis.access import Identity
    from chassis.db import Transaction


def list_rule_sets(tx: Transaction) -> dict[str, Any]:
    """Return all rule sets."""
    active = repository.rule_sets.active_name(tx)
    return {"items": [_shown(each, active) for each in repository.rule_sets.all_of_them(tx)]}


def get_rule_set(tx: Transaction, name: str) -> dict[str, Any]:
    """Return a rule set with its values."""
    active = repository.rule_sets.active_name(tx)
    for each in repository.rule_sets.all_of_them(tx):
        if each["name"] == name:
            return _shown(each, active)
    raise NotFound("There is no such rule set.")


def _shown(rule_set: Mapping[str, Any], active: str) -> dict[str, Any]:
    return {**rule_set, "active": rule_set["name"] == active}


def add_rule_set(
    tx: Transaction, name: str, content: Mapping[str, Any], actor: Identity, now: datetime
) -> dict[str, Any]:
    """Keep a new rule set. One that exists never changes: scores name it."""
    try:
        schemas.SLUG(name)
    except ValidationError as fault:
        raise Invalid({"{name}": str(fault.messages[0])}) from None
    try:
        rulebook.checked_new_rules(name, content)
    except ValidationError as fault:
        raise Invalid(pointers(fault.messages)) from None
    if not repository.rule_sets.add(tx, name, content, actor.subject, now):
        raise Conflict("There is a rule set of this name, and scores may name it: choose another.")
    kept = get_rule_set(tx, name)
    trail.wrote(tx, "rule-set", name, None, kept, schema=schemas.rule_sets.RuleSetView)
    return kept


def try_rule_set(tx: Transaction, name: str, now: datetime) -> dict[str, Any]:
    """Begin a trial of a rule set on all cases; nothing else comes of it."""
    _require(tx, name)
    wave = {"kind": "trial", "about": name, "rule_set": name, "category_id": None}
    tx.wake("waves")
    return waves.get_wave(tx, repository.waves.add(tx, wave, now))


def activate(tx: Transaction, name: str, reason: str, actor: Identity, now: datetime) -> dict[str, Any]:
    """Switch a rule set on, and begin to score all cases by it.

    Raises Conflict for one that was never tried, or that is on.
    """
    repository.rule_sets.hold(tx)
    _require(tx, name)
    before = repository.rule_sets.active_name(tx)
    if before == name:
        raise Conflict("This rule set is the one in force.")
    if not repository.waves.tried(tx, name):
        raise Conflict("Try this rule set on all cases first, and wait for the trial to end.")
    repository.basis.hold(tx)
    repository.rule_sets.activate(tx, name, reason, actor.subject, now)
    was, will = ({"rule_set": each} for each in (before, name))
    trail.wrote(tx, "rule-set-in-force", "rule-set", was, {**will, "reason": reason}, action="activated")
    return waves.get_wave(tx, waves.begin(tx, "rule_set", name, now))


def list_activations(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of which rule set was switched on when."""
    return repository.rule_sets.activations(tx, query)


def _require(tx: Transaction, name: str) -> None:
    try:
        repository.rule_sets.named(tx, name)
    except KeyError:
        raise NotFound("There is no such rule set.") from None
