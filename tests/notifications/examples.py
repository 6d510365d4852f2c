"""Mails of every kind, for the tests that read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.notifications.domain import Mail

SETTINGS = {
    "LINK_KEY": "a key for tests only",
    "RESPONDENT_URL": "https://svar.kansliet.example/",
    "MAIL_FROM": "Kedja <kedja@kansliet.example>",
}
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
NOTICE = UUID("019a0000-0000-7000-8000-000000000001")

SUPPLIER = "Exempelleverantör 017 AB"
NAMES = {"sv": "Kirurgiska instrument", "en": "Surgical instruments"}
CONTRACTS = [
    {
        "category_id": "kirurgiska-instrument",
        "regions": ["12", "13"],
        "clause_level": "advanced",
        "clause_version": "2.1",
    },
    {
        "category_id": "kirurgiska-instrument",
        "regions": ["01"],
        "clause_level": "basic",
        "clause_version": None,
    },
    {"category_id": "it", "regions": ["25"], "clause_level": "advanced", "clause_version": "1.0"},
]

INVITED = {
    "assessment_id": "019a0000-0000-7000-8000-0000000000a1",
    "year": 2026,
    "deadline": "2027-01-02",
    "invitation_id": "019a0000-0000-7000-8000-0000000000b1",
    "generation": 1,
}
COMPLETED = {
    "assessment_id": "019a0000-0000-7000-8000-0000000000a1",
    "year": 2026,
    "critical": [],
    "recommendation": "office_audit",
    "valid_until": "2027-11-21T09:00:00+00:00",
}
RESCORED = {
    "score": "63.4",
    "band": "high",
    "previous_score": "48.0",
    "previous_band": "medium",
    "no_data_areas": ["environment", "business_ethics"],
    "as_of": "2026-11-20T23:30:00+00:00",
    "changed": True,
}
CONFIRMED = {
    "audit_id": "019a0000-0000-7000-8000-0000000000c1",
    "kind": "office",
    "starts_on": "2026-12-14",
    "due_on": "2027-02-19",
    "auditor_id": "019a0000-0000-7000-8000-0000000000d1",
    "announced": True,
    "rule": "2026.1/7",
}
CANCELLED = CONFIRMED | {"reason": "Leverantören har lagt ned verksamheten.", "provisional": False}
FACTS: dict[str, dict[str, Any]] = {
    "assessment_invited": INVITED,
    "assessment_completed": COMPLETED,
    "risk_band_changed": RESCORED,
    "audit_confirmed": CONFIRMED,
    "audit_cancelled": CANCELLED,
}
PEOPLE = {
    "supplier_contact": ("Anna Ek", "anna.ek@leverantor017.example"),
    "region": ("Region Skåne", "hallbarhet@skane.example"),
    "national_office": ("Nationella kansliet", "office@kansliet.example"),
    "auditor": ("Maria Berg", "maria.berg@revision.example"),
}


def mail(kind: str, recipient: str, language: str, **changed: Any) -> Mail:
    """Return a claimed notice; `changed` replaces fields, facts are merged."""
    name, email = PEOPLE[recipient]
    facts = {**FACTS[kind], **changed.pop("facts", {})}
    whole = {
        "notice_id": NOTICE,
        "attempt": 1,
        "kind": kind,
        "correlation_id": "corr-1",
        "facts": facts,
        "category_id": "kirurgiska-instrument",
        "names": NAMES,
        "legal_name": SUPPLIER,
        "contracts": CONTRACTS,
        "recipient_kind": recipient,
        "name": name,
        "email": email,
        "language": language,
        "office_name": "Nationella kansliet",
        "office_email": "office@kansliet.example",
        "auditor_name": "Maria Berg",
    }
    return Mail(**{**whole, **changed})
