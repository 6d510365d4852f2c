"""Scores computed again from scratch: from the inputs stored with them, and from the facts in the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.suppliers import repository
from services.suppliers.domain import parse_facts
from tests.chaos.row import Row
from tests.recomputed import differences

if TYPE_CHECKING:
    from services.suppliers.domain import Case
    from tests.chaos.books import Books

_TOLD = """SELECT assessment_id, claimed, judged, completed_at, valid_until, recommendation
FROM judgement"""
_OWN = """SELECT assessment_id, claimed, judged, completed_at, valid_until, recommendation
FROM assessment"""


def rows(books: Books) -> list[Row]:
    """Look at every case that has a contract, and at what its score takes in."""
    return [*computed(books), _judged(books)]


def computed(books: Books) -> list[Row]:
    """Look at every case that has a contract."""
    missing = Row("every case, and every completed assessment's case, has a current score", "wrong")
    wrong = Row("recomputing gives the stored score", "wrong")
    current = {(row.supplier_id, row.category_id): row for row in _current(books)}
    keys = {tuple(row) for row in books.rows("suppliers", "SELECT supplier_id, category_id FROM contract")}
    completed = "SELECT supplier_id, category_id FROM assessment WHERE state = 'completed'"
    keys |= {tuple(row) for row in books.rows("assessments", completed)}
    missing.broken += [f"{supplier}/{category}" for supplier, category in sorted(keys - current.keys())]
    with books.tx["suppliers"] as tx:
        facts = {case.key: case for case in repository.scores.cases_to_score(tx, current)}
        for key, row in current.items():
            wrong.broken += [f"{key[0]}/{key[1]}: {what}" for what in _differences(tx, row, facts[key])]
    return [missing, wrong]


def _current(books: Books) -> list[Any]:
    return books.rows("suppliers", "SELECT s.* FROM risk_case AS c JOIN risk_score AS s USING (score_id)")


def _differences(tx: Any, row: Any, from_tables: Case) -> list[str]:
    """Return what differs between the stored score and the two that are computed now."""
    sources = (("stored inputs", row.inputs), ("tables", from_tables.inputs))
    found = [
        f"from its {source}: {told}" for source, inputs in sources for told in differences(tx, row, inputs)
    ]
    if parse_facts(row.inputs) != parse_facts(from_tables.inputs):
        found.append("its inputs are not the facts in the tables")
    return found


def _judged(books: Books) -> Row:
    """What suppliers keeps of a completed assessment is what assessments has stored."""
    row = Row("the judgement that a score takes in is the assessment's own", "wrong")
    told = {each.assessment_id: each for each in books.rows("suppliers", _TOLD)}
    own = {each.assessment_id: each for each in books.rows("assessments", _OWN)}
    for key, each in told.items():
        if key not in own or _plain(each) != _plain(own[key]):
            row.broken.append(str(key))
    return row


def _plain(row: Any) -> tuple[Any, ...]:
    """The facts with numbers as numbers: jsonb and numeric[] bring them in different types."""
    grids = [[[None if c is None else float(c) for c in r] for r in grid or []] for grid in row[1:3]]
    return (*grids, *row[3:])
