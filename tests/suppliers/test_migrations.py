"""Migrations that make something else of what is there: on a database that has something."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from chassis import migrate, sql
from chassis.db import connect
from chassis.ids import uuid7
from deploy.local import provision
from services.suppliers import repository, usecases
from services.suppliers.domain import FLAGS, parse_facts
from services.suppliers.repository import terms
from tests.recomputed import differences
from tests.suppliers.bodies import import_china, put_gloves
from tests.suppliers.builders import NOW, RULES, deviation, inputs, judgement, scored
from tests.suppliers.steps import LATER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.db import Transaction
    from deploy.local.admin import Admin

BEFORE = "suppliers/0015_headlines"  # and what comes after it

_RESULT = """INSERT INTO risk_result (result_id, rule_set, score, band, stage, areas, cells, no_data_areas,
    claim_gap, critical_open, severe_open, not_cooperating, recommendation, site_known, inputs)
VALUES (%(id)s, '2026-1', %(score)s, %(band)s, %(stage)s, %(areas)s, NULL, '{}',
    %(claim_gap)s, %(critical_open)s, %(severe_open)s, %(not_cooperating)s, %(recommendation)s,
    %(site_known)s, %(inputs)s)"""
_CASE = """INSERT INTO supplier (supplier_id, legal_name, country, status, language, registered_at)
VALUES (%(id)s, 'Exempelleverantör AB', 'SE', 'active', 'sv', now());
INSERT INTO risk_case (supplier_id, category_id, score_id, result_id, score, band)
VALUES (%(id)s, 'handskar', %(id)s, %(id)s, %(score)s, %(band)s);
INSERT INTO scored_case (supplier_id, category_id, score_id, as_of, result_id, causes)
VALUES (%(id)s, 'handskar', %(id)s, %(as_of)s, %(id)s, '{}')"""


@pytest.fixture
def earlier(admin: Admin, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database as it was before."""
    url = provision.provision_databases(f"{namespace}_earlier", admin)["suppliers"]
    files = migrate.files
    first = [each for each in files("suppliers") if each[0] < BEFORE]
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "files", lambda _: first)
        migrate.migrate(url, "suppliers")
    yield url
    provision.drop(f"{namespace}_earlier", admin)


def kept_as_before(tx: Transaction, facts: dict[str, Any]) -> Any:
    found, supplier_id = scored(facts), uuid7()
    row = {name: getattr(found, name) for name in ("score", "band", *FLAGS)}
    kept = {"areas": terms.areas(found.areas), "inputs": sql.document(facts)}
    with tx.cursor() as cursor:
        for statement in (_RESULT, _CASE):
            cursor.execute(statement, {**row, **kept, "id": supplier_id, "as_of": NOW})
    return supplier_id


def test_scores_that_are_there_keep_their_facts_and_lead_to_the_next(earlier: str) -> None:
    known = {"judgement": judgement("80", "50"), "deviations": [deviation("environment", overdue=True)]}
    both = [inputs(datasets={"CPI": 2025}), inputs(datasets={"CPI": 2025}, **known)]
    with closing(connect(earlier)) as conn, conn:
        ids = [kept_as_before(conn, facts) for facts in both]
    assert migrate.migrate(earlier, "suppliers")[0] == BEFORE
    with closing(connect(earlier)) as tx, tx:
        with tx.cursor() as cursor:
            cursor.execute("SELECT * FROM risk_score ORDER BY score_id")
            rows = cursor.fetchall()
            assert [parse_facts(row.inputs) for row in rows] == [parse_facts(each) for each in both]
            assert [row.datasets for row in rows] == [{"CPI": 2025}] * 2
            cursor.execute("SELECT supplier_id, band FROM headline ORDER BY supplier_id")
            assert [tuple(row) for row in cursor] == [
                (each, row.band) for each, row in zip(ids, rows, strict=True)
            ]
            cursor.execute("SELECT count(*) FROM risk_exposure")
            assert [row.count for row in cursor] == [1]  # both have it
        put_gloves(tx)
        import_china(tx)
        while usecases.waves.work(lambda: nullcontext(tx), LATER):
            pass
        for supplier_id, facts in zip(ids, both, strict=True):
            [now] = repository.scores.current_scores(tx, supplier_id, {"region": None, "area": None})
            assert now.score_id != supplier_id
            assert (differences(tx, now), now.rule_set) == ([], RULES.name)
            assert parse_facts(now.inputs).judgement == parse_facts(facts).judgement
