"""Audits against the decisions that are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.row import Row

if TYPE_CHECKING:
    from tests.chaos.books import Books

_OPEN = """SELECT supplier_id::text || '/' || category_id, count(*) FROM audit
WHERE ended_on IS NULL GROUP BY 1"""
# nobody cancels or closes in a run: what was once opened is open
_DEMANDED = """SELECT DISTINCT supplier_id::text || '/' || category_id FROM decision
WHERE outcome IN ('office_audit', 'factory_audit') AND effect IN ('opened', 'joined', 'upgraded')"""
_FINAL = """SELECT c.supplier_id::text || '/' || c.category_id FROM risk_case AS c
LEFT JOIN decision AS d USING (decision_id) WHERE d.as_of IS DISTINCT FROM c.as_of"""


def rows(books: Books) -> list[Row]:
    """At most one open audit a case, exactly one where a decision demands it, none where none does."""
    several, missing = (
        Row("open audits per case: at most one", "doubled"),
        Row("an audit where demanded", "lost"),
    )
    needless, behind = (
        Row("no audit without a decision", "phantom"),
        Row("decided on the newest risk", "wrong"),
    )
    held, demanded = books.mapping("audits", _OPEN), set(books.column("audits", _DEMANDED))
    several.broken = [f"{key}: {count}" for key, count in sorted(held.items()) if count > 1]
    missing.broken = sorted(demanded - held.keys())
    needless.broken = sorted(held.keys() - demanded)
    behind.broken = books.column("audits", _FINAL)
    return [several, missing, needless, behind]
