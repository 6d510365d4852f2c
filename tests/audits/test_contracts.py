"""Cases that no contract is left of: what is planned of them is proposed for cancellation."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg2.errors import LockNotAvailable

from chassis.ids import uuid7
from services.audits import contracts, usecases
from services.audits.domain import audit as lifecycle
from services.audits.domain.case import Case
from services.audits.domain.decision import decide as decide_case
from services.audits.events import SupplierChanged, SupplierRegistered
from services.audits.rules import POLICY
from services.audits.working_days import is_workday
from tests.audits.cases import EARLIER, KEY, OPEN, audit, codes, measure, risk
from tests.audits.steps import NOW, SUPPLIER, audits_of, case_of, decide, final, hire, rescored
from tests.audits.test_merging import merged

if TYPE_CHECKING:
    from chassis.db import Database, Transaction

PROPOSED = "cancellation_proposed_since_no_contract_is_left"
MEDIUM = {"band": "medium", "score": 45.0}


def told(
    received: Any, *categories: str, version: int = 1, supplier_id: UUID = SUPPLIER, **marks: Any
) -> Any:
    """A supplier as it arrives, with a contract in each of these categories."""
    schema = SupplierRegistered if version == 1 else SupplierChanged
    held = [{"category_id": each, "regions": ["01"]} for each in categories]
    data = {"supplier_id": str(supplier_id), "contracts": held}
    return received(schema, data, subject=str(supplier_id), version=version, **marks)


def hear(tx: Transaction, *events: Any) -> None:
    """Let audits take in suppliers, and look at what follows."""
    usecases.project_suppliers(tx, list(events))
    look(tx)


def look(tx: Transaction) -> None:
    assert not contracts.follow_up(lambda: nullcontext(tx), 5, NOW)


def reasons(tx: Transaction) -> list[str]:
    return [each["code"] for each in case_of(tx)["decision"]["reasons"]]


def planned(tx: Transaction, received: Any) -> UUID:
    """A case with a contract and an audit."""
    hire(tx)
    hear(tx, told(received, "gloves"))
    decide(tx, rescored(received))
    [made] = audits_of(tx)
    audit_id: UUID = made["audit_id"]
    return audit_id


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def test_an_audit_of_a_case_without_a_contract_is_proposed_for_cancellation_and_waits_for_a_person(
    tx: Transaction, received: Any, emitted: Any
) -> None:
    audit_id = planned(tx, received)
    gone = told(received, "visors", version=2)
    hear(tx, gone)
    [kept] = audits_of(tx)
    assert (kept["audit_id"], kept["state"], kept["cancellation_proposed"]) == (audit_id, "provisional", True)
    decision = case_of(tx)["decision"]
    assert (decision["listed"], decision["proposes_cancellation"]) == (True, True)
    assert decision["reasons"][-1] == {"code": PROPOSED, "params": {"audit_id": str(audit_id)}}
    assert decision["events"][-1] == gone.id
    assert kept["causes"][-1] == gone.id
    usecases.confirm_due_audits(lambda: nullcontext(tx), NOW + timedelta(days=30))
    assert audits_of(tx)[0]["state"] == "provisional"
    assert types(emitted(tx)) == ["audit_scheduled"]


def test_it_is_proposed_once_and_a_person_who_confirms_is_not_asked_again(
    tx: Transaction, received: Any
) -> None:
    audit_id = planned(tx, received)
    gone = told(received, version=2)
    hear(tx, gone)
    usecases.confirm_audit(tx, audit_id, NOW)
    hear(tx, gone, told(received, version=2, resync=True))
    hear(tx, told(received, "visors", version=3))
    assert len(case_of(tx)["decisions"]) == 2
    assert [(each["state"], each["cancellation_proposed"]) for each in audits_of(tx)] == [
        ("confirmed", False)
    ]


def test_a_contract_that_comes_back_withdraws_the_proposal(
    tx: Transaction, received: Any, emitted: Any
) -> None:
    planned(tx, received)
    hear(tx, told(received, version=2))
    hear(tx, told(received, "gloves", version=3))
    assert audits_of(tx)[0]["cancellation_proposed"] is False
    assert final(tx)[2] == "joined"
    usecases.confirm_due_audits(lambda: nullcontext(tx), NOW + timedelta(days=30))
    assert types(emitted(tx)) == ["audit_scheduled", "audit_confirmed"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_arrival_does_not_matter(tx: Transaction, received: Any, order: tuple[int, ...]) -> None:
    """A contract that goes, beside the rescoring that it causes: the last state of each is what counts."""
    planned(tx, received)
    steps = [
        lambda: hear(tx, told(received, "gloves", "visors", version=2)),
        lambda: hear(tx, told(received, "visors", version=3)),
        lambda: decide(tx, rescored(received, version=2, score=67.0)),
    ]
    for step in order:
        steps[step]()
    look(tx)
    [kept] = audits_of(tx)
    assert (kept["cancellation_proposed"], reasons(tx)[-1]) == (True, PROPOSED)


def test_of_a_case_without_a_contract_nothing_new_is_planned_until_it_has_one_again(
    tx: Transaction, received: Any
) -> None:
    hire(tx)
    hear(tx, told(received, "visors"))
    decide(tx, rescored(received))  # before its contract was heard of
    assert (final(tx), reasons(tx)[-1]) == ((7, "none", "listed", None), "no_contract_is_left")
    assert case_of(tx)["decision"]["proposes_cancellation"] is False
    hear(tx, told(received, "gloves", "visors", version=2))
    assert final(tx)[1:3] == ("office_audit", "opened")


def test_a_supplier_that_is_not_known_yet_hinders_nothing_and_is_looked_at_once_it_is(
    tx: Transaction, received: Any
) -> None:
    hire(tx)
    decide(tx, rescored(received))
    assert final(tx)[2] == "opened"
    hear(tx, told(received, "visors", version=4))
    assert audits_of(tx)[0]["cancellation_proposed"] is True


def test_a_resync_finds_what_was_missed(tx: Transaction, received: Any, emitted: Any) -> None:
    planned(tx, received)
    hear(tx, told(received, version=2, resync=True))
    assert audits_of(tx)[0]["cancellation_proposed"] is True
    assert types(emitted(tx)) == ["audit_scheduled"]


def test_a_dialogue_and_a_request_are_proposed_too_and_a_lapsed_request_leads_to_no_audit(
    tx: Transaction, received: Any
) -> None:
    hire(tx)
    hear(tx, told(received, "gloves"))
    decide(tx, rescored(received, **MEDIUM))
    assert final(tx)[1:3] == ("dialogue", "opened")
    opened = case_of(tx)["decision"]["decision_id"]
    hear(tx, told(received, version=2))
    assert case_of(tx)["decision"]["reasons"][-1] == {"code": PROPOSED, "params": {"since": str(opened)}}
    assert case_of(tx)["decision"]["listed"] is True

    other = uuid7()
    hear(tx, told(received, "gloves", supplier_id=other))
    decide(tx, rescored(received, other, band="very_high", score=85.0, site_known=False))
    assert final(tx, other)[1:3] == ("transparency_request", "opened")
    hear(tx, told(received, version=2, supplier_id=other))
    assert case_of(tx, other)["decision"]["proposes_cancellation"] is True
    usecases.follow_up_requests(lambda: nullcontext(tx), 5, NOW + timedelta(weeks=60))
    assert (final(tx, other)[1:3], audits_of(tx, other)) == (("none", "listed"), [])


def impatient(db: Database, event: Any) -> None:
    with db.transaction() as tx:
        with tx.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
        usecases.project_suppliers(tx, [event])


def test_what_is_known_of_a_supplier_stays_while_its_cases_are_decided(
    shared: Database, received: Any
) -> None:
    """Else a case that nobody sees yet would be decided by what is of the past, and not looked at again."""
    with shared.transaction() as tx:
        hear(tx, told(received, "visors"))
    with shared.transaction() as deciding:
        decide(deciding, rescored(received))
        with pytest.raises(LockNotAvailable):
            impatient(shared, told(received, "gloves", version=2))
    with shared.transaction() as tx:
        assert final(tx)[2] == "listed"
        hear(tx, told(received, "gloves", version=2))
        assert final(tx)[2] == "opened"


def test_a_supplier_that_is_told_of_while_its_first_case_is_decided_comes_after(
    shared: Database, received: Any
) -> None:
    unknown = uuid7()
    with shared.transaction() as deciding:
        decide(deciding, rescored(received, unknown))
        with pytest.raises(LockNotAvailable):
            impatient(shared, told(received, "visors", supplier_id=unknown))
    with shared.transaction() as tx:
        hear(tx, told(received, "visors", supplier_id=unknown))
        [planned_of_it] = audits_of(tx, unknown)
        assert planned_of_it["cancellation_proposed"] is True


def test_what_moves_to_a_survivor_is_looked_at_there(tx: Transaction, received: Any) -> None:
    hire(tx)
    survivor, absorbed = uuid7(), uuid7()
    hear(tx, told(received, "visors", supplier_id=survivor), told(received, "gloves", supplier_id=absorbed))
    decide(tx, rescored(received, absorbed))
    merged(tx, received, survivor, absorbed)
    look(tx)  # before the survivor's new state arrives
    hear(tx, told(received, "visors", "gloves", version=3, supplier_id=survivor))
    assert audits_of(tx, survivor)[0]["cancellation_proposed"] is False
    hear(tx, told(received, "visors", version=4, supplier_id=survivor))
    assert audits_of(tx, survivor)[0]["cancellation_proposed"] is True


def test_what_is_under_way_is_not_proposed_and_a_person_who_decides_is_not_passed_over() -> None:
    def of(**changes: Any) -> Any:
        case = Case(key=KEY, contracted=False, **changes)
        return case, decide_case(case, POLICY, is_workday)

    _, held = of(risk=risk(band="high"), open_audit=audit(state="held"))
    assert (held.proposes_cancellation, PROPOSED in codes(held)) == (False, False)
    _, severe = of(risk=risk(severe_open=1))
    assert (severe.outcome, severe.effect) == ("person_decides", "opened")
    case, both = of(risk=risk(), open_audit=audit(state="held"), measures=(measure(8, "dialogue"),))
    assert both.reasons[-1].params == {"since": EARLIER}
    occasion = lifecycle.Occasion(
        audit_id=OPEN, causes=(), correlation_id="c", now=NOW, confirm_on=NOW.date(), at_once=False
    )
    after = lifecycle.after(both, case, None, occasion)  # type: ignore[arg-type]  nothing is booked
    assert after is not None
    assert after.cancellation_proposed is False
