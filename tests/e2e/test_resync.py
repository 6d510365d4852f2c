"""Consumers' projections dropped and told again: every row as it was, and nobody hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.backbone import wait_until
from tests.e2e import people, rows, scene
from tests.e2e.kedja import kedja
from tests.e2e.outcome import await_outcome, await_sentinel, due, seen

# What each consumer keeps of others. What stands there of its own, a resync cannot and need not tell.
KEPT = {
    "suppliers": (("judgement",), ()),
    "assessments": (("supplier",), ()),
    "audits": (("risk_case",), ("case_id", "decision_id")),
    "notifications": (("supplier", "category", "recipient"), ()),
}
# Rows that others' rows refer to are emptied instead of dropped, some under the version that they had.
DROP = {
    "suppliers": ["DELETE FROM judgement WHERE {ours}"],
    "assessments": [
        "UPDATE supplier SET legal_name = '', contact_id = NULL, category_ids = '{{}}' WHERE {ours}"
    ],
    "audits": [
        "UPDATE risk_case SET version = 0, score = NULL, band = NULL, stage = NULL WHERE {ours}",
        "UPDATE risk_case SET critical_open = NULL, recommendation = NULL WHERE {ours}",
        "UPDATE risk_case SET severe_open = NULL, claim_gap = NULL, not_cooperating = NULL WHERE {ours}",
        "UPDATE risk_case SET contract_ends_on = NULL, assessed_at = NULL WHERE {ours}",
        "UPDATE risk_case SET site_known = NULL, as_of = NULL WHERE {ours}",
    ],
    "notifications": [
        "UPDATE supplier SET version = 0, legal_name = NULL, contacts = '[]', contracts = '[]' WHERE {ours}",
        "UPDATE recipient SET name = NULL, email = NULL WHERE {ours}",
        "UPDATE category SET names = '{{}}' WHERE category_id = %(category)s",
    ],
}
# What people or the services themselves decided, and what went out.
OWN = {
    "suppliers": ("supplier", "risk_case", "risk_score"),
    "assessments": ("campaign", "assessment"),
    "audits": ("audit", "decision"),
    "notifications": ("occasion", "notice", "attempt"),
}


def drop(chain: Any, ours: list[str]) -> None:
    """Lose what consumers keep of these suppliers, and of their category."""
    for service, statements in DROP.items():
        for statement in statements:
            text = statement.format(ours="supplier_id = ANY(%(ours)s::uuid[])")
            rows.ask(chain, service, text, ours=ours, category=scene.CATEGORY)


def kept(chain: Any) -> dict[str, Any]:
    return {
        service: rows.of(chain, service, *tables, without=without)
        for service, (tables, without) in KEPT.items()
    }


def own(chain: Any) -> dict[str, Any]:
    return {service: rows.of(chain, service, *tables) for service, tables in OWN.items()}


def resync_and_wait(chain: Any) -> None:
    """Have everything told again, until all who keep something of it have heard it."""
    handled = inboxes(chain)
    for service in ("suppliers", "assessments"):
        assert "events written" in kedja(chain, "resync", service)
    wait_until(lambda: inboxes(chain) == handled + deliveries(chain))


@pytest.mark.slow
def test_projections_that_were_dropped_are_told_again_row_by_row_without_a_mail_an_audit_or_a_score(
    chain: Any,
) -> None:
    cases = people.ready_to_complete(chain, 3)
    assert people.complete_all(chain, cases) == {200: 3}
    await_outcome(chain, cases)
    invited = people.invite(chain, people.register(chain))
    await_sentinel(chain)
    resync_and_wait(chain)  # what a wave changed without telling anybody
    before, decided, mails = kept(chain), own(chain), len(chain.mailbox.mails)
    drop(chain, [case.supplier_id for case in [*cases, *invited]])
    assert all(kept(chain)[service] != before[service] for service in KEPT)

    resync_and_wait(chain)
    resync_and_wait(chain)  # what is there already stays as it is
    assert kept(chain) == before
    assert (own(chain), len(chain.mailbox.mails)) == (decided, mails)
    assert [seen(chain, case) for case in cases] == [due(case) for case in cases]


def inboxes(chain: Any) -> int:
    """How many events all queues together have handled."""
    return sum(rows.ask(chain, service, "SELECT count(*) FROM inbox")[0].count for service in KEPT)


def deliveries(chain: Any) -> int:
    """How many events a resync brings to queues: three of a supplier, merge or category, else two."""
    [told] = rows.ask(
        chain,
        "suppliers",
        "SELECT 3 * ((SELECT count(*) FROM supplier) + (SELECT count(*) FROM survivor))"
        " + (SELECT count(*) FROM category) * 3"
        " + (SELECT count(*) FROM risk_case WHERE score_id IS NOT NULL) * 2 AS count",
    )
    [completed] = rows.ask(
        chain,
        "assessments",
        "SELECT count(DISTINCT (supplier_id, category_id)) FROM assessment WHERE completed_at IS NOT NULL",
    )
    return int(told.count + completed.count * 2)


def test_services_that_tell_nothing_others_keep_say_so(chain: Any) -> None:
    assert "nothing to do" in kedja(chain, "resync", "audits")
