"""Events as they arrive, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from services.notifications import events, schemas, usecases
from tests.backbone import received
from tests.callers import WHATEVER, page_query
from tests.notifications import examples

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
GLOVES = "gloves"


def contact(email: str | None = "anna@leverantor.example", **fields: Any) -> dict[str, Any]:
    return {
        "contact_id": uuid4(),
        "name": "Anna Ek",
        "email": email,
        "language": "sv",
        "role": "ceo",
        **fields,
    }


def contract(*regions: str, category_id: str = GLOVES) -> dict[str, Any]:
    return {
        "category_id": category_id,
        "regions": list(regions),
        "clause_level": "advanced",
        "clause_version": "2.1",
    }


def supplier(supplier_id: UUID, *contacts: dict[str, Any], version: int = 1, **fields: Any) -> Any:
    data = {
        "supplier_id": supplier_id,
        "legal_name": "Exempelleverantör 017 AB",
        "contacts": list(contacts),
        "contracts": [contract("01", "12")],
        **fields,
    }
    return received(events.SupplierRegistered, data, subject=str(supplier_id), version=version)


def category(category_id: str = GLOVES, *, version: int = 1) -> Any:
    data = {"category_id": category_id, "names": {"sv": "Handskar", "en": "Gloves"}}
    return received(events.CategoryChanged, data, subject=category_id, version=version)


def invited(supplier_id: UUID, contact_id: UUID, category_id: str = GLOVES, **envelope: Any) -> Any:
    data = examples.INVITED | {
        "supplier_id": supplier_id,
        "category_id": category_id,
        "contact_id": contact_id,
        "invitation_id": uuid4(),
    }
    return received(events.AssessmentInvited, data, **envelope)


def completed(supplier_id: UUID, category_id: str = GLOVES, **envelope: Any) -> Any:
    data = examples.COMPLETED | {"supplier_id": supplier_id, "category_id": category_id}
    return received(events.AssessmentCompleted, data, **envelope)


def rescored(supplier_id: UUID, category_id: str = GLOVES, envelope: Any = None, **fields: Any) -> Any:
    data = examples.RESCORED | {"supplier_id": supplier_id, "category_id": category_id} | fields
    return received(events.SupplierRiskRescored, data, **(envelope or {}))


def confirmed(supplier_id: UUID, auditor_id: UUID, category_id: str = GLOVES, **fields: Any) -> Any:
    data = examples.CONFIRMED | {
        "supplier_id": supplier_id,
        "category_id": category_id,
        "auditor_id": auditor_id,
        "audit_id": uuid4(),
    }
    return received(events.AuditConfirmed, data | fields)


def cancelled(supplier_id: UUID, auditor_id: UUID, category_id: str = GLOVES, **fields: Any) -> Any:
    data = examples.CANCELLED | {
        "supplier_id": supplier_id,
        "category_id": category_id,
        "auditor_id": auditor_id,
        "audit_id": uuid4(),
    }
    return received(events.AuditCancelled, data | fields)


def write(tx: Any, kind: str, recipient_id: object, email: str, language: str = "sv") -> None:
    """Write a recipient over the API."""
    wanted = {"name": f"{kind} {recipient_id}", "email": email, "language": language}
    usecases.save_recipient(tx, kind, str(recipient_id), wanted, WHATEVER)


def notices(tx: Any, **filters: Any) -> list[Any]:
    asked = page_query(schemas.NoticeQuery, limit=500, **filters)
    return list(usecases.list_notices(tx, asked)["items"])


def told(tx: Any, supplier_id: UUID) -> list[tuple[str, str, str, str]]:
    """Return (kind, recipient kind, recipient, state) of each notice about a supplier, sorted."""
    found = notices(tx, supplier_id=supplier_id)
    return sorted((row.kind, row.recipient_kind, row.recipient_id, row.state) for row in found)
