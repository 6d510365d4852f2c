"""Notices and mails: one for each recipient and reason, by what the other services' databases hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.chaos.row import Row
from tests.e2e.outcome import notice_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import EmailMessage

    from tests.chaos.books import Books

OFFICE = ("national_office", "national_office")
_NOTICES = """SELECT o.kind, o.facts, o.event_id::text AS event, n.notice_id::text AS notice, n.state,
n.recipient_kind, n.recipient_id FROM notice AS n JOIN occasion AS o USING (event_id)"""
_CHANGED = """SELECT supplier_id::text AS supplier, as_of FROM risk_score
WHERE previous_band IS NOT NULL AND previous_band <> band"""
_CONTACTS = "SELECT supplier_id::text, contact_id::text FROM contact WHERE role = 'sustainability'"

Reason = tuple[str, str, str, str]  # kind, what it is about, recipient's kind and id


def rows(books: Books, mails: Iterable[EmailMessage]) -> tuple[list[Row], int]:
    """Return the rows, and how many mails came again under the same Message-ID (decision 0005)."""
    notices, due = books.rows("notifications", _NOTICES), _due(books)
    told = Counter(_reason(notice) for notice in notices)
    missing, doubled = Row("a notice for each recipient and reason", "lost"), Row("and no other", "doubled")
    missing.broken = [" ".join(reason) for reason in (due - told).elements()]
    doubled.broken = [" ".join(reason) for reason in (told - due).elements()]
    unsent = Row("every notice is sent", "lost")
    unsent.broken = [f"{notice.notice} is {notice.state}" for notice in notices if notice.state != "sent"]
    delivered = Counter(notice_of(mail) for mail in mails)
    unmailed, foreign = Row("a mail for each notice", "lost"), Row("no mail without a notice", "phantom")
    known = {notice.notice for notice in notices}
    unmailed.broken, foreign.broken = sorted(known - delivered.keys()), sorted(delivered.keys() - known)
    window = sum(count - 1 for count in delivered.values())
    return [missing, doubled, unsent, unmailed, foreign], window


def _reason(notice: Any) -> Reason:
    facts = notice.facts
    about = {
        "assessment_invited": lambda: str(facts["assessment_id"]),
        "assessment_completed": lambda: str(facts["assessment_id"]),
        "risk_band_changed": lambda: _moment(facts["as_of"]),
        "audit_confirmed": lambda: str(facts["audit_id"]),
    }[notice.kind]()
    return notice.kind, about, notice.recipient_kind, notice.recipient_id


def _moment(text: str) -> str:
    """A time as both databases write it."""
    return (
        text[:26].rstrip("Z").replace("T", " ").ljust(26, "0") if "." in text else text[:19].replace("T", " ")
    )


def _due(books: Books) -> Counter[Reason]:
    """Who must hear what (DOMAIN: the matrix), from the tables of those whose facts they are."""
    contacts = books.mapping("suppliers", _CONTACTS)
    regions = books.mapping("suppliers", "SELECT supplier_id::text, regions FROM contract")
    due: Counter[Reason] = Counter()
    for each in books.rows("assessments", "SELECT * FROM assessment"):
        about, contact = str(each.assessment_id), ("supplier_contact", str(each.contact_id))
        due["assessment_invited", about, *contact] += 1
        if each.state == "completed":
            asked = ("supplier_contact", contacts[str(each.supplier_id)])
            due.update([("assessment_completed", about, *to) for to in (asked, OFFICE)])
    for each in books.rows("suppliers", _CHANGED):
        about = _moment(each.as_of.isoformat())
        to_all = [("region", code) for code in regions[each.supplier]] + [OFFICE]
        due.update([("risk_band_changed", about, *to) for to in to_all])
    return due + _audits(books, contacts, regions)


def _audits(books: Books, contacts: dict[str, str], regions: dict[str, list[str]]) -> Counter[Reason]:
    """An audit is told of as often as it was confirmed: each time two events are about it.

    An audit that was moved may have had another auditor, or been announced, before: its occasions say whom
    the event named, and there must be as many of them as audits emitted.
    """
    given = books.mapping("audits", "SELECT subject, version FROM subject_version")
    due: Counter[Reason] = Counter()
    for audit in books.rows(
        "audits", "SELECT audit_id::text AS id, supplier_id::text AS supplier FROM audit"
    ):
        named = books.rows(
            "notifications",
            "SELECT facts FROM occasion WHERE kind = 'audit_confirmed' AND facts ->> 'audit_id' = %(audit)s",
            audit=audit.id,
        )
        everybody = [("region", code) for code in regions[audit.supplier]] + [OFFICE]
        for to in everybody:
            due["audit_confirmed", audit.id, *to] += given[audit.id] // 2
        for row in named[: given[audit.id] // 2]:
            if row.facts.get("announced") is not False:
                due["audit_confirmed", audit.id, "supplier_contact", contacts[audit.supplier]] += 1
            if row.facts["auditor_id"] is not None:
                due["audit_confirmed", audit.id, "auditor", str(row.facts["auditor_id"])] += 1
    return due
