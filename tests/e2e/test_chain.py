"""The main job, from reference data to the mail about the audit."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.backbone import wait_until
from tests.e2e import people, scene
from tests.e2e.outcome import await_outcome, mails_about, notice_of


def test_a_completed_assessment_leads_to_the_right_audit_and_the_right_people_hear_of_it(chain: Any) -> None:
    [supplier] = people.register(chain)
    [case] = people.invite(chain, [supplier])
    [invitation] = wait_until(lambda: mails_about(chain, case))
    base, invitation_id, code = people.link_in(invitation)
    assert (base, invitation_id) == (chain.base("assessments"), case.assessment["invitation_id"])
    people.answer(chain, case, code)
    people.begin_review(chain, case)
    assert people.complete(chain, case).status_code == 200

    await_outcome(chain, [case])
    assert chain.get("assessments", case.path)["claimed"] == scene.CLAIMED
    [risk] = chain.get("suppliers", f"/suppliers/{case.supplier_id}/risk")["cases"]
    assert (risk["areas"], risk["no_data_areas"]) == (scene.AREAS, [])
    assert (risk["score"], risk["band"], risk["previous_score"]) == (77.4, "high", 86.0)
    [audit] = chain.get("audits", "/audits", supplier_id=case.supplier_id)["items"]
    assert (audit["rule"], audit["correlation_id"]) == ("2026.1/7", case.correlation_id)
    assert len(audit["causes"]) == len(set(audit["causes"]))
    assert received(chain, case) == expected(case, audit)


def received(chain: Any, case: people.Case) -> Counter[tuple[str, str, bool]]:
    """(address, kind of notice, whether the completing request's correlation id stands in the header)."""
    notices = chain.get("notifications", "/notices", supplier_id=case.supplier_id)["items"]
    kinds = {notice["notice_id"]: notice["kind"] for notice in notices}
    return Counter(
        (
            mail["To"].addresses[0].addr_spec,
            kinds[notice_of(mail)],
            str(mail["X-Correlation-ID"]) == case.correlation_id,
        )
        for mail in mails_about(chain, case)
    )


def expected(case: people.Case, audit: dict[str, Any]) -> Counter[tuple[str, str, bool]]:
    contact = case.supplier["contacts"][1]["email"]
    office = scene.address("national_office", "national_office")
    regions = [scene.address("region", region) for region in scene.BUYERS]
    auditor = scene.address("auditor", audit["auditor_id"])
    return Counter([
        (contact, "assessment_invited", False),
        *((to, "assessment_completed", True) for to in (contact, office)),
        *((to, "risk_band_changed", True) for to in (*regions, office)),
        *((to, "audit_confirmed", True) for to in (contact, *regions, office, auditor)),
    ])  # fmt: skip
