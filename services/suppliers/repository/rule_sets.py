"""Rule sets: the packaged one, those that the office has brought in, and which is switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from chassis.http import paging
from chassis.ids import uuid7
from services.suppliers import rulebook
from services.suppliers.schemas.rule_sets import ActivationQuery

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chassis.db import Transaction
    from services.suppliers.domain import Rules

queries: Any = sql.load(__file__, planned=("active_rule_set",))

# By name: a rule set never changes.
_brought_in: dict[str, Rules] = {}
# Packaged ones of whose names no other was brought in: nobody can bring it in from here on.
_alone: set[str] = set()


def active(tx: Transaction) -> Rules:
    """Return the rule set that new scores are computed with."""
    return named(tx, active_name(tx))


def active_name(tx: Transaction) -> str:
    """Return its name."""
    return queries.active_rule_set(tx) or rulebook.PACKAGED_RULES


def named(tx: Transaction, name: str) -> Rules:
    """Return a rule set that there is; KeyError if there is none of that name."""
    if name in rulebook.packaged_rules():
        return _packaged(tx, name)
    if name not in _brought_in:
        row = queries.rule_set(tx, name=name)
        if row is None:
            raise KeyError(name)
        _brought_in[name] = rulebook.checked_rules(name, row.content)
    return _brought_in[name]


def _packaged(tx: Transaction, name: str) -> Rules:
    """Return a packaged rule set; RuntimeError if a different one of that name was brought in before it came.

    Scores that name it were computed with the other, and could not be computed again.
    """
    rules = rulebook.rules(name)
    if name not in _alone:
        row = queries.rule_set(tx, name=name)
        if row and rulebook.checked_rules(name, row.content) != rules:
            raise RuntimeError(f"Another rule set {name} was brought in: package this one under a new name.")
        _alone.add(name)
    return rules


def all_of_them(tx: Transaction) -> list[dict[str, Any]]:
    """Return (name, content, created_at, created_by) of every rule set, the packaged ones first."""
    packaged = [
        {"name": name, "content": rulebook.rule_file(name), "created_at": None, "created_by": None}
        for name in rulebook.packaged_rules()
    ]
    return packaged + [row._asdict() for row in queries.rule_sets(tx)]


def add(tx: Transaction, name: str, content: Mapping[str, Any], by: str, now: datetime) -> bool:
    """Keep a new rule set; tell whether the name was free."""
    taken = name in rulebook.packaged_rules()
    return not taken and bool(
        queries.add_rule_set(tx, name=name, content=sql.document(content), by=by, now=now)
    )


def activate(tx: Transaction, name: str, reason: str, by: str, now: datetime) -> None:
    """Switch a rule set on: from here on new scores are computed with it."""
    queries.activate(tx, activation_id=uuid7(), rule_set=name, reason=reason, by=by, now=now)


def hold(tx: Transaction) -> None:
    """Let nobody else switch a rule set on until the transaction ends."""
    queries.lock_activation(tx)


def activations(tx: Transaction, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of what was switched on."""
    return paging.fetch(tx, queries.activations, query, ActivationQuery)
