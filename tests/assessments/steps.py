"""The steps of a case, as tests take them."""

from __future__ import annotations

from datetime import UTC, datetime

from chassis import links
from chassis.ids import uuid7
from services.assessments import events, schemas, usecases
from tests.callers import OFFICE, page_query

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
KEY = "a key for tests only"


def register(tx, received, *categories, contacts=1, supplier_id=None, version=1, name="Exempelleverantör AB"):
    """Make a supplier known and return its id and that of its first contact."""
    supplier_id, people = supplier_id or uuid7(), [uuid7() for _ in range(contacts)]
    data = {
        "supplier_id": supplier_id,
        "legal_name": name,
        "contacts": [{"contact_id": person, "email": "a@b.example", "role": None} for person in people],
        "contracts": [{"category_id": category, "regions": ["01"]} for category in categories],
    }
    event = received(events.SupplierRegistered, data, subject=str(supplier_id), version=version)
    usecases.project_suppliers(tx, [event])
    return supplier_id, people[0] if people else None


def launch(tx, *cases, year=2026, answer_by=None):
    wanted = [{"supplier_id": supplier_id, "category_id": category_id} for supplier_id, category_id in cases]
    return usecases.launch_campaign(
        tx, {"name": "Omgång", "year": year, "answer_by": answer_by, "cases": wanted}, NOW
    )


def listed(tx, **filters):
    return usecases.list_assessments(tx, page_query(schemas.AssessmentQuery, **filters), OFFICE)


def session(tx, case, now=NOW):
    code = links.code(KEY, case.invitation_id, case.generation)
    return usecases.open_session(tx, {"invitation_id": case.invitation_id, "code": code}, KEY, now)


def submitted(tx, token, answers):
    usecases.save_answers(tx, token, answers, NOW)
    usecases.submit_answers(tx, token, NOW)


def outcome(judged=None, recommendation="none", resolved=()):
    return {"judged": judged, "recommendation": recommendation, "resolved_critical": list(resolved)}
