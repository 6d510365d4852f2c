"""Stored scores computed again: each by its own rule set, from what is stored with it, to the last term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql
from services.suppliers import domain, repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.db import Transaction

_TERMS = (*domain.FLAGS, "score", "band", "no_data_areas", "areas")
_ALL = "SELECT * FROM risk_score ORDER BY supplier_id, category_id, score_id"
_PRESENT = "SELECT s.* FROM risk_case AS c JOIN risk_score AS s USING (supplier_id, category_id, score_id)"


def differences(tx: Transaction, row: Any, inputs: Mapping[str, Any] | None = None) -> list[str]:
    """What is another in a row of risk_score than its rule set gives of its facts, or of `inputs`."""
    rules = repository.rule_sets.named(tx, row.rule_set)
    again = domain.score(domain.parse_facts(inputs or row.inputs), rules, row.as_of)
    pairs = [(name, getattr(row, name), _as_stored(getattr(again, name))) for name in _TERMS]
    pairs.append(("work", row.work, sql.loads(repository.terms.work(again))))
    return [f"{name} is {kept}, computed again it is {found}" for name, kept, found in pairs if kept != found]


def _as_stored(term: Any) -> Any:
    return term if term is None or isinstance(term, str) else sql.loads(sql.document(term))


def wrong(tx: Transaction) -> list[str]:
    """What is wrong with any score that is stored, of whatever case and time."""
    with tx.cursor() as cursor:
        cursor.execute(_ALL)
        rows = cursor.fetchall()
    assert rows
    return [f"{row.score_id}: {told}" for row in rows for told in differences(tx, row)]


def behind(tx: Transaction) -> list[str]:
    """Which cases have a present score that is not what the tables and the rule set in force give."""
    with tx.cursor() as cursor:
        cursor.execute(_PRESENT)
        rows = {(row.supplier_id, row.category_id): row for row in cursor}
    assert rows
    active = repository.rule_sets.active_name(tx)
    found = []
    for case in repository.scores.cases_to_score(tx, rows):
        row = rows[case.key]
        if row.rule_set != active:
            found.append(f"{case.key}: by {row.rule_set}")
        if domain.parse_facts(row.inputs) != domain.parse_facts(case.inputs):
            found.append(f"{case.key}: by other facts")
    return found + wrong(tx)
