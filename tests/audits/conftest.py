"""What the tests of audits share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import backbone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chassis.db import Database, Transaction


@pytest.fixture
def query(tx: Transaction) -> Callable[..., list[dict[str, Any]]]:
    """Run SQL in the test's transaction; rows as mappings."""

    def run(sql: str, *params: object) -> list[dict[str, Any]]:
        with tx.cursor() as cursor:
            cursor.execute(sql, params)
            return [row._asdict() for row in cursor.fetchall()] if cursor.description else []

    return run


@pytest.fixture
def shared(db: Database) -> Iterator[Database]:
    """A database whose transactions commit; emptied afterwards, because auditors are there for everybody."""
    yield db
    with db.transaction() as tx:
        backbone.empty(
            tx,
            "risk_case",
            "decision",
            "audit",
            "auditor",
            "supplier",
            "unchecked",
            "outbox",
            "subject_version",
        )
