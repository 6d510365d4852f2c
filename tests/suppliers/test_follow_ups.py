"""The yearly proposal of cases to follow up: asked for, adjusted, confirmed once."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed
from chassis.http import Call, Expectation
from services.suppliers import schemas, usecases
from tests.callers import OFFICE, WHATEVER, caller, page_query
from tests.suppliers.bodies import NOW, SUPPLIER, import_china, loaded, put_gloves, register, supplier
from tests.suppliers.merges import merge
from tests.suppliers.steps import assess

if TYPE_CHECKING:
    from chassis.access import Identity
    from chassis.db import Transaction

[CONTRACT] = SUPPLIER["contracts"]
F, A = caller("area_coordinator", area="F"), caller("area_coordinator", area="A")


@pytest.fixture
def four(tx: Transaction) -> list[UUID]:
    """Suppliers of gloves, the most urgent first: the regions buy for less and less."""
    put_gloves(tx)
    import_china(tx)
    contracts = [CONTRACT | {"value_ore": CONTRACT["value_ore"] // (i + 1)} for i in range(4)]
    return [register(tx, supplier(contracts=[each]))["supplier_id"] for each in contracts]


def ask(tx: Transaction, size: int = 2, year: int = 2026, actor: Identity = OFFICE) -> Any:
    wanted = {"category_id": "handskar", "year": year, "size": size}
    return usecases.follow_ups.ask_for_proposal(
        tx, loaded(schemas.follow_ups.NewFollowUp, wanted), actor, NOW
    )


def change(
    tx: Transaction,
    made: Any,
    state: str = "draft",
    added: Any = (),
    removed: Any = (),
    actor: Identity = OFFICE,
    expects: Expectation = WHATEVER,
) -> Any:
    reasons = [[{"supplier_id": str(one), "reason": "Därför."} for one in each] for each in (added, removed)]
    body = {"state": state, "added": reasons[0], "removed": reasons[1]}
    call = Call(
        body=loaded(schemas.follow_ups.FollowUpChange, body),
        now=NOW,
        actor=actor,
        expects=expects,
        correlation_id="a",
    )
    return usecases.follow_ups.change_follow_up(tx, made["follow_up_id"], call)


def proposed(made: Any) -> list[UUID]:
    return [UUID(case["supplier_id"]) for case in made["proposed"]]


def selected(made: Any) -> list[str]:
    return [str(one) for one in made["selected"]]


def told(emitted: Any, tx: Transaction) -> list[dict[str, Any]]:
    return [event for event in emitted(tx) if event["type"] == "followup_selected"]


def test_the_most_urgent_cases_are_proposed_with_their_arithmetic(tx: Transaction, four: list[UUID]) -> None:
    made = ask(tx)
    assert proposed(made) == four[:2]
    assert made["proposed"][0]["arithmetic"] == "72.3 × 31.23 × 2.11 × 0.75 = 3573.2"
    assert (made["state"], made["as_of"], made["passed_over"]) == ("draft", NOW.date(), [])
    assert selected(made) == [str(one) for one in four[:2]]


def test_who_was_followed_up_recently_is_passed_over_and_listed(
    tx: Transaction, four: list[UUID], received: Any
) -> None:
    usecases.scoring.rescore_after_assessment(tx, [assess(four[0], received, score="0")], NOW)
    made = ask(tx)
    assert proposed(made) == four[1:3]
    [passed] = made["passed_over"]
    assert (passed["supplier_id"], passed["hindrances"]) == (str(four[0]), ["followed_up_recently"])
    assert passed["assessed_on"] == "2026-11-21"


def test_a_year_of_a_category_has_one_proposal(tx: Transaction, four: list[UUID]) -> None:
    made = ask(tx)
    with pytest.raises(Conflict):
        ask(tx)
    assert ask(tx, year=2027)["as_of"] == date(2027, 1, 1)
    usecases.follow_ups.withdraw_follow_up(tx, made["follow_up_id"], WHATEVER, OFFICE)
    assert proposed(ask(tx, size=3)) == four[:3]


def test_a_person_adds_removes_and_confirms_and_the_others_are_told_once(
    tx: Transaction, four: list[UUID], emitted: Any
) -> None:
    made = ask(tx)
    draft = change(tx, made, added=[four[3]], removed=[four[1]])
    assert (draft["version"], selected(draft)) == (2, [str(four[0]), str(four[3])])
    assert [case["supplier_id"] for case in draft["added_cases"]] == [str(four[3])]
    assert told(emitted, tx) == []
    confirmed = change(tx, made, "confirmed", added=[four[3]], removed=[four[1]])
    data = {"category_id": "handskar", "year": 2026, "supplier_ids": [str(four[0]), str(four[3])]}
    event = {"type": "followup_selected", "subject": "handskar/2026", "version": 1, "data": data}
    assert told(emitted, tx) == [event]
    assert (confirmed["state"], confirmed["confirmed_by"], confirmed["confirmed_at"]) == (
        "confirmed",
        OFFICE.subject,
        NOW,
    )

    # again: nothing is different, nothing is told; something else: it is too late
    again = change(tx, made, "confirmed", added=[four[3]], removed=[four[1]])
    assert again["version"] == confirmed["version"]
    with pytest.raises(Conflict):
        change(tx, made, "confirmed")
    with pytest.raises(Conflict):
        change(tx, made, "draft", added=[four[3]], removed=[four[1]])
    with pytest.raises(Conflict):
        usecases.follow_ups.withdraw_follow_up(tx, made["follow_up_id"], WHATEVER, OFFICE)
    assert told(emitted, tx) == [event]


def test_who_confirms_what_another_has_changed_meanwhile_is_refused(
    tx: Transaction, four: list[UUID]
) -> None:
    made = ask(tx)
    change(tx, made, removed=[four[0]])
    with pytest.raises(PreconditionFailed):
        change(tx, made, "confirmed", expects=Expectation(versions=frozenset({made["version"]})))


def test_what_cannot_be_added_or_removed_is_named(tx: Transaction, four: list[UUID]) -> None:
    made, stranger = ask(tx), uuid4()
    with pytest.raises(Invalid) as refused:
        change(tx, made, added=[four[2], four[0], stranger], removed=[stranger])
    assert refused.value.faults == {
        "/added/1/supplier_id": "Is proposed already: take it out of `removed` instead.",
        "/added/2/supplier_id": "Has no contract in this category that runs.",
        "/removed/0/supplier_id": "Is not among those proposed.",
    }
    with pytest.raises(Invalid) as refused:
        change(tx, made, "confirmed", removed=four[:2])
    assert refused.value.faults == {"/state": "Nobody is selected."}


def test_a_case_whose_contracts_are_gone_cannot_be_confirmed(tx: Transaction, four: list[UUID]) -> None:
    made = ask(tx)
    with tx.cursor() as cursor:
        cursor.execute("DELETE FROM contract WHERE supplier_id = %s", (four[1],))
    with pytest.raises(Invalid) as refused:
        change(tx, made, "confirmed")
    assert str(four[1]) in refused.value.faults["/state"]
    assert selected(change(tx, made, "confirmed", removed=[four[1]])) == [str(four[0])]


def test_the_selected_are_remembered_in_the_next_year_s_proposal(tx: Transaction, four: list[UUID]) -> None:
    change(tx, ask(tx), "confirmed")
    assert [case["selected_year"] for case in ask(tx, size=3, year=2027)["proposed"]] == [2026, 2026, None]


def test_that_it_was_selected_is_remembered_of_a_supplier_that_was_merged(
    tx: Transaction, four: list[UUID]
) -> None:
    change(tx, ask(tx), "confirmed")
    merge(tx, four[3], four[0])
    found = {case["supplier_id"]: case["selected_year"] for case in ask(tx, size=3, year=2027)["proposed"]}
    assert found == {str(four[3]): 2026, str(four[1]): 2026, str(four[2]): None}


def test_a_draft_names_who_was_merged_by_the_survivor_and_once(
    tx: Transaction, four: list[UUID], emitted: Any
) -> None:
    made = change(tx, ask(tx, size=3), added=[four[3]], removed=[four[2]])
    merge(tx, four[0], four[1])
    merge(tx, four[3], four[2])
    query = page_query(schemas.follow_ups.FollowUpQuery)
    read = usecases.follow_ups.get_follow_up(tx, made["follow_up_id"])
    [listed] = usecases.follow_ups.list_follow_ups(tx, query, OFFICE)["items"]
    assert selected(read) == selected(listed) == [str(four[0]), str(four[3])]
    assert proposed(read) == [four[0], four[3]]
    # nobody is both proposed and added: who was removed as one and added as another stays
    assert (read["added"], read["removed"]) == ([], [])
    assert selected(change(tx, made, removed=[four[3]])) == [str(four[0])]
    confirmed = change(tx, made, "confirmed")
    assert selected(confirmed) == [str(four[0]), str(four[3])]
    assert told(emitted, tx)[-1]["data"]["supplier_ids"] == [str(four[0]), str(four[3])]


def test_who_was_removed_stays_so_under_the_survivors_id(tx: Transaction, four: list[UUID]) -> None:
    made = change(tx, ask(tx), removed=[four[1]])
    merge(tx, four[3], four[1])
    read = usecases.follow_ups.get_follow_up(tx, made["follow_up_id"])
    assert (selected(read), proposed(read)) == ([str(four[0])], [four[0], four[3]])
    merge(tx, four[0], four[3])
    assert selected(usecases.follow_ups.get_follow_up(tx, made["follow_up_id"])) == [str(four[0])]


def test_an_area_asks_for_its_own_categories_and_others_proposals_look_like_none(
    tx: Transaction, four: list[UUID]
) -> None:
    with pytest.raises(Forbidden):
        ask(tx, actor=A)
    made = ask(tx, actor=F)
    assert proposed(made) == four[:2]
    with pytest.raises(NotFound):
        change(tx, made, actor=A)
    with pytest.raises(NotFound):
        usecases.follow_ups.withdraw_follow_up(tx, made["follow_up_id"], WHATEVER, A)
    assert change(tx, made, "confirmed", actor=F)["state"] == "confirmed"
    query = page_query(schemas.follow_ups.FollowUpQuery)
    listed = [usecases.follow_ups.list_follow_ups(tx, query, who)["items"] for who in (F, A, OFFICE)]
    assert [len(items) for items in listed] == [1, 0, 1]
    assert usecases.follow_ups.owners_of_follow_up(tx, made["follow_up_id"]) == {"region": (), "area": ["F"]}


def test_every_step_stands_in_the_trail(tx: Transaction, four: list[UUID]) -> None:
    made = ask(tx)
    change(tx, made, "confirmed", removed=[four[1]])
    with tx.cursor() as cursor:
        cursor.execute(
            "SELECT action, before, after FROM audit_trail WHERE resource = 'follow-up' ORDER BY id"
        )
        created, changed = cursor.fetchall()
    assert (created[0], created[2]["state"], len(created[2]["proposed"])) == ("created", "draft", 2)
    assert (changed[0], changed[1]["state"], changed[2]["state"]) == ("changed", "draft", "confirmed")
    assert changed[2]["removed"] == [{"supplier_id": str(four[1]), "reason": "Därför."}]


def test_an_unknown_category_is_named(tx: Transaction) -> None:
    with pytest.raises(Invalid) as refused:
        ask(tx)
    assert refused.value.faults == {"/category_id": "There is no such category."}
