"""What the services say about a run: read anew from their APIs, never from the demo's own bookkeeping."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from demo.api import Platform

AUDIT_ROWS = range(4, 8)  # the rows of the audit policy that lead to an audit (DOMAIN: audit policy)


@dataclass(frozen=True, slots=True)
class Case:
    """One supplier's case of the run, with everything that the four services know about it."""

    supplier: dict[str, Any]
    assessment: dict[str, Any]
    scores: list[dict[str, Any]]
    decision: dict[str, Any] | None
    audits: list[dict[str, Any]]
    notices: list[dict[str, Any]]

    @property
    def completed(self) -> bool:
        """Tell whether the review is over."""
        return bool(self.assessment["state"] == "completed")

    @property
    def rescored(self) -> bool:
        """Tell whether a score was made of the completed assessment."""
        return self.completed and self.scores[-1]["stage"] is not None

    @property
    def decided(self) -> bool:
        """Tell whether audits has decided on the present score."""
        return self.decision is not None and self.decision["as_of"] == self.scores[-1]["as_of"]

    @property
    def open_audits(self) -> list[dict[str, Any]]:
        """Return the audits of the case that are not over."""
        return [audit for audit in self.audits if audit["state"] not in ("closed", "cancelled")]

    @property
    def wants_audit(self) -> bool:
        """Tell whether the final decision is an audit by one of the policy's rows 4–7."""
        if self.decision is None or self.decision["row"] not in AUDIT_ROWS:
            return False
        return self.decision["outcome"] in ("office_audit", "factory_audit")

    def expected_notices(self) -> Counter[tuple[str, str, str]]:
        """Return (kind, recipient kind, recipient) -> how many notices there must be by the facts above."""
        contact = ("supplier_contact", self.supplier["contacts"][0]["contact_id"])
        office = ("national_office", "national_office")
        regions = [
            ("region", code) for contract in self.supplier["contracts"] for code in contract["regions"]
        ]
        expected = Counter([("assessment_invited", *contact)])
        if self.completed:
            expected.update([("assessment_completed", *contact), ("assessment_completed", *office)])
        for before, after in zip(self.scores, self.scores[1:], strict=False):
            if before["band"] != after["band"]:
                expected.update(("risk_band_changed", *to) for to in [*regions, office])
        for audit in self.open_audits:
            to = [contact, *regions, office, ("auditor", audit["auditor_id"])]
            expected.update(("audit_confirmed", *each) for each in to)
        return expected

    def delivered_notices(self) -> Counter[tuple[str, str, str]]:
        """Return the notices that the SMTP server has accepted."""
        sent = [notice for notice in self.notices if notice["state"] == "sent"]
        return Counter((n["kind"], n["recipient_kind"], n["recipient_id"]) for n in sent)

    def chain_ms(self) -> list[float]:
        """Return the milliseconds from completion to the supplier's mail about the audit, if there is one."""
        told = [
            n
            for n in self.notices
            if (n["kind"], n["recipient_kind"]) == ("audit_confirmed", "supplier_contact")
        ]
        start = _moment(self.assessment["completed_at"]) if told else None
        return [
            (_moment(n["accepted_at"]) - start).total_seconds() * 1000
            for n in told
            if n["accepted_at"] and start
        ]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read(platform: Platform, campaign_id: str) -> list[Case]:
    """Return the cases of a campaign as the services see them at this moment."""
    assessments = list(platform.assessments.items("/assessments", campaign_id=campaign_id))
    ids = {a["supplier_id"] for a in assessments}
    suppliers = {
        s["supplier_id"]: s for s in platform.suppliers.items("/suppliers") if s["supplier_id"] in ids
    }
    audits = _by_supplier(platform.audits.items("/audits"), ids)
    decisions = _by_supplier(platform.audits.items("/cases"), ids)
    notices = _by_supplier(platform.notifications.items("/notices"), ids)
    return [
        Case(
            supplier=suppliers[assessment["supplier_id"]],
            assessment=assessment,
            scores=list(platform.suppliers.items(f"/suppliers/{assessment['supplier_id']}/risk/history")),
            decision=next((case["decision"] for case in decisions[assessment["supplier_id"]]), None),
            audits=audits[assessment["supplier_id"]],
            notices=notices[assessment["supplier_id"]],
        )
        for assessment in assessments
    ]


def _by_supplier(items: Iterable[dict[str, Any]], ids: set[str]) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        if item["supplier_id"] in ids:
            found[item["supplier_id"]].append(item)
    return found


def faults(cases: Sequence[Case], mailed: Counter[str], parked: int) -> list[str]:
    """Return everything that is not as it must be; `mailed` counts the sink's mails by notice id."""
    found = [f"{parked} events are parked: see `kedja parked list <service>`"] if parked else []
    for case in cases:
        found.extend(f"{case.supplier['legal_name']}: {fault}" for fault in _case_faults(case, mailed))
    return found


def _case_faults(case: Case, mailed: Counter[str]) -> Iterable[str]:
    if case.completed and not case.rescored:
        yield "completed, but not rescored"
    if not case.decided:
        yield "audits has not decided on the present score"
    if len(case.open_audits) != (1 if case.wants_audit else 0):
        yield f"{len(case.open_audits)} open audits, decision {case.decision}"
    expected, delivered = case.expected_notices(), case.delivered_notices()
    yield from (f"not delivered: {notice}" for notice in (expected - delivered).elements())
    yield from (f"delivered without need: {notice}" for notice in (delivered - expected).elements())
    for notice in case.notices:
        if notice["state"] == "sent" and mailed[notice["notice_id"]] != 1:
            yield f"{mailed[notice['notice_id']]} mails in the sink for notice {notice['notice_id']}"
