"""Auditors: who there is, and how much they can take."""

from __future__ import annotations

from services.audits import schemas, usecases
from tests.audits.steps import hire
from tests.callers import WHATEVER, page_query


def test_an_auditor_is_put_again_with_other_values(tx):
    auditor_id = hire(tx, weekly_capacity=1)
    changed = {"name": "B", "kinds": ["office"], "languages": ["en", "sv"], "weekly_capacity": 4}
    usecases.put_auditor(tx, auditor_id, changed, WHATEVER)
    listed = usecases.list_auditors(tx, page_query(schemas.AuditorQuery))["items"]
    shown = [schemas.AuditorView().dump(row) for row in listed]
    assert shown == [{"auditor_id": str(auditor_id), "version": 2, **changed}]
