"""Suppliers that become one: what moves, what stays, what is told, and what an old id means."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from chassis import sql
from chassis.errors import Conflict, Invalid, NotFound
from services.suppliers import repository, rulebook, usecases
from services.suppliers.domain import parse_facts, score
from services.suppliers.events import AuditReported, DeviationRaised
from tests.callers import OFFICE
from tests.suppliers.bodies import NOW, SUPPLIER
from tests.suppliers.merges import WHY, ask, contact, contract, made, merge, pairs_of
from tests.suppliers.steps import LATER, assess, history, rescored, shown

if TYPE_CHECKING:
    from chassis.db import Transaction

# Know suppliers by id and hold no facts about them: where a wave has got to, and what a trial came to
PLACES = {"wave", "wave_part", "trial_change"}
[FACTORY, _] = SUPPLIER["sites"]


def test_every_table_that_knows_suppliers_says_what_a_merge_does_to_it(tx: Transaction) -> None:
    tables = ask(
        tx,
        "SELECT DISTINCT c.table_name FROM information_schema.columns AS c"
        " JOIN information_schema.tables AS t USING (table_schema, table_name)"
        " WHERE table_type = 'BASE TABLE' AND column_name ~ 'supplier_id$'",
    )
    text = Path(repository.merging.__file__).with_suffix(".sql").read_text(encoding="utf-8")
    written = {name for name in tables if re.search(rf"(UPDATE|DELETE FROM|INSERT INTO) {name}\b", text)}
    assert "contract" in written
    assert set(tables) - written - PLACES == set()


def test_all_that_is_registered_of_the_absorbed_is_the_survivors(tx: Transaction) -> None:
    survivor = made(tx, identifiers={"orgnr": "5565436168"}, contacts=[contact("kim@leverantor.example")])
    absorbed = made(
        tx,
        "Exempel 2 AB",
        identifiers={"gln": "7300010000001"},
        own_numbers=[{"region": "14", "number": "L-2"}],
        contacts=[contact("robin@leverantor.example", "Robin")],
        sites=[FACTORY],
        contracts=[contract("A-17")],
    )
    before = {each: usecases.registry.get_supplier(tx, each, OFFICE) for each in (survivor, absorbed)}
    after = merge(tx, survivor, absorbed)
    for part in ("contacts", "sites", "contracts", "own_numbers"):
        assert after[part] == [*before[survivor][part], *before[absorbed][part]]
    assert after["identifiers"] == {"orgnr": "5565436168", "gln": "7300010000001"}
    assert (after["legal_name"], after["version"]) == (before[survivor]["legal_name"], 2)
    assert after["merged_ids"] == [absorbed]
    seen = usecases.registry.get_supplier(tx, survivor, OFFICE)
    assert seen == {name: after[name] for name in seen}


def test_of_two_numbers_of_a_scheme_the_survivors_stays_and_the_other_finds_it_still(tx: Transaction) -> None:
    survivor = made(tx, identifiers={"gln": "7300010000001"})
    absorbed = made(tx, "Exempel 2 AB", identifiers={"gln": "7350053850019"})
    after = merge(tx, survivor, absorbed)
    assert after["identifiers"] == {"gln": "7300010000001"}
    assert after["former_identifiers"] == {"gln": ["7350053850019"]}
    with pytest.raises(Conflict, match=str(survivor)):
        made(tx, "Exempel 3 AB", identifiers={"gln": "7350053850019"})


def test_an_address_that_both_have_is_one_contact(tx: Transaction) -> None:
    survivor = made(tx, contacts=[contact("kim@leverantor.example")])
    absorbed = made(
        tx, "Exempel 2 AB", contacts=[contact("KIM@leverantor.example"), contact("robin@leverantor.example")]
    )
    after = merge(tx, survivor, absorbed)
    addresses = [each["email"] for each in after["contacts"]]
    assert addresses == ["kim@leverantor.example", "robin@leverantor.example"]


def test_contracts_of_one_reference_are_kept_apart(tx: Transaction) -> None:
    survivor, absorbed = made(tx, contracts=[contract("A-17")]), made(tx, contracts=[contract("A-17")])
    merge(tx, survivor, absorbed)
    references = ask(tx, "SELECT reference FROM contract WHERE supplier_id = %s ORDER BY 1", survivor)
    assert references == ["A-17", f"A-17 ({str(absorbed)[-8:]})"]


def test_the_cases_it_touches_are_scored_again_because_of_it(tx: Transaction, emitted: Any) -> None:
    survivor = made(tx, contracts=[contract()])
    absorbed = made(tx, sites=[FACTORY])
    told_before = len(emitted(tx))
    merge(tx, survivor, absorbed)
    merged, changed, rescoring = emitted(tx)[told_before:]
    assert merged["type"] == "supplier_merged"
    assert merged["data"] == {"supplier_id": str(survivor), "absorbed_ids": [str(absorbed)]}
    assert (merged["subject"], changed["type"]) == (str(survivor), "supplier_changed")
    assert len(changed["data"]["sites"]) == 1
    assert rescoring["subject"] == f"{survivor}/handskar"
    # without a site 66.0, with China 72.3: as in test_scores
    told = [rescoring["data"][name] for name in ("previous_score", "score", "site_known")]
    assert told == [66.0, 72.3, True]
    causes = ask(tx, "SELECT headers ->> 'cloudEvents_id' FROM outbox WHERE type = 'supplier_merged'")
    assert rescoring["data"]["causes"] == causes


def test_a_merge_that_touches_no_case_rescores_none(tx: Transaction, emitted: Any) -> None:
    survivor, absorbed = made(tx, contracts=[contract()]), made(tx)
    before = len(rescored(emitted, tx))
    merge(tx, survivor, absorbed)
    assert len(rescored(emitted, tx)) == before


@pytest.mark.parametrize("newer_is_absorbed", [True, False])
def test_the_assessment_that_was_completed_last_counts(
    tx: Transaction, received: Any, newer_is_absorbed: bool
) -> None:
    survivor, absorbed = (made(tx, contracts=[contract()], sites=[FACTORY]) for _ in range(2))
    newer, older = (absorbed, survivor) if newer_is_absorbed else (survivor, absorbed)
    events = [
        assess(older, received, 9, score="0", completed_at=(NOW - timedelta(days=3)).isoformat()),
        assess(newer, received, 2, score="80"),
    ]
    usecases.scoring.rescore_after_assessment(tx, events, LATER)
    merge(tx, survivor, absorbed)
    assert str(shown(tx, survivor)["score"]) == "48.0"  # as after 80 alone, in test_usecases


def test_history_is_read_at_the_survivor_and_can_be_computed_again(tx: Transaction, received: Any) -> None:
    survivor, absorbed = (made(tx, contracts=[contract()], sites=[FACTORY]) for _ in range(2))
    usecases.scoring.rescore_after_assessment(tx, [assess(absorbed, received)], LATER)
    scores = ask(tx, "SELECT score_id FROM scored_case WHERE supplier_id IN (%s, %s)", survivor, absorbed)
    merge(tx, survivor, absorbed)
    rows = history(tx, survivor)["items"]
    assert {*scores} < {row.score_id for row in rows}
    assert len(rows) == len(scores) + 1
    for row in rows:
        again = score(parse_facts(row.inputs), rulebook.rules(row.rule_set), row.as_of)
        assert (again.score, again.band) == (row.score, row.band)
        assert sql.loads(sql.document(again.areas)) == row.areas


def test_what_audits_told_moves_too(tx: Transaction, received: Any) -> None:
    survivor, absorbed = (made(tx, contracts=[contract()], sites=[FACTORY]) for _ in range(2))
    usecases.scoring.rescore_after_findings(tx, [raised(absorbed, received)], LATER)
    merge(tx, survivor, absorbed)
    assert shown(tx, survivor)["critical_open"] == 0
    assert ask(tx, "SELECT supplier_id FROM deviation") == [survivor]


def raised(supplier_id: Any, received: Any, version: int = 1) -> Any:
    deviation_id = str(uuid4())
    data = {
        "deviation_id": deviation_id,
        "audit_id": str(uuid4()),
        "supplier_id": str(supplier_id),
        "category_id": "handskar",
        "areas": ["human_rights"],
        "severe": False,
        "due_on": "2027-01-01",
        "state": "open",
    }
    return received(DeviationRaised, data, subject=deviation_id, version=version)


def test_events_that_arrive_later_about_an_absorbed_one_are_the_survivors(
    tx: Transaction, received: Any
) -> None:
    survivor, absorbed = (made(tx, contracts=[contract()], sites=[FACTORY]) for _ in range(2))
    usecases.scoring.rescore_after_assessment(tx, [assess(survivor, received, 9, score="0")], LATER)
    merge(tx, survivor, absorbed)
    late = assess(absorbed, received, 1, completed_at=(NOW + timedelta(hours=2)).isoformat())
    usecases.scoring.rescore_after_assessment(tx, [late], LATER + timedelta(hours=2))
    usecases.scoring.rescore_after_findings(
        tx, [raised(absorbed, received), reported(absorbed, received)], LATER
    )
    assert shown(tx, survivor)["stage"] == "audited"
    for table in ("risk_case", "judgement", "finding", "deviation"):
        assert ask(tx, f"SELECT DISTINCT supplier_id FROM {table}") == [survivor]  # noqa: S608  ours


def reported(supplier_id: Any, received: Any) -> Any:
    audit_id = str(uuid4())
    data = {
        "audit_id": audit_id,
        "supplier_id": str(supplier_id),
        "category_id": "handskar",
        "kind": "office",
        "reported_at": NOW.isoformat(),
        "audited": [[50.0] * 4] * 7,
        "valid_until": "2029-01-01T00:00:00+00:00",
    }
    return received(AuditReported, data, subject=f"{supplier_id}/handskar")


def test_an_older_assessment_of_an_absorbed_one_that_arrives_late_changes_nothing(
    tx: Transaction, received: Any
) -> None:
    survivor, absorbed = (made(tx, contracts=[contract()], sites=[FACTORY]) for _ in range(2))
    usecases.scoring.rescore_after_assessment(tx, [assess(survivor, received, 1)], LATER)
    merge(tx, survivor, absorbed)
    old = assess(absorbed, received, 9, score="0", completed_at=(NOW - timedelta(days=9)).isoformat())
    usecases.scoring.rescore_after_assessment(tx, [old], LATER)
    assert str(shown(tx, survivor)["score"]) == "48.0"


def test_ids_of_merges_of_merges_mean_the_last_survivor(tx: Transaction, emitted: Any) -> None:
    first, second, third = (made(tx, f"Exempel {name} AB") for name in ("ett", "två", "tre"))
    merge(tx, second, first)
    merge(tx, third, second)
    assert {usecases.aliases.survivor_of(tx, each) for each in (first, second, third)} == {third}
    assert usecases.registry.get_supplier(tx, third, OFFICE)["merged_ids"] == sorted([first, second])
    told = [event["data"] for event in emitted(tx) if event["type"] == "supplier_merged"][-1]
    assert told["absorbed_ids"] == sorted([str(first), str(second)])


def test_merging_what_was_merged_is_refused_or_means_its_survivor(tx: Transaction) -> None:
    first, second, third = (made(tx, f"Exempel {name} AB") for name in ("ett", "två", "tre"))
    merge(tx, second, first)
    with pytest.raises(Conflict):
        merge(tx, second, first)
    with pytest.raises(Conflict):
        merge(tx, first, second)
    with pytest.raises(Conflict):
        merge(tx, second, second)
    with pytest.raises(Conflict):
        merge(tx, third, first, second)
    assert merge(tx, first, third)["supplier_id"] == second
    with pytest.raises(NotFound):
        merge(tx, uuid4(), second)
    with pytest.raises(Invalid) as refused:
        merge(tx, second, uuid4())
    assert list(refused.value.faults) == ["/absorbed_ids/0"]


def test_the_trail_holds_the_whole_of_what_was_absorbed_and_changes_say_into_what(
    tx: Transaction, received: Any
) -> None:
    survivor = made(tx, contracts=[contract()], sites=[FACTORY], contacts=[contact("kim@leverantor.example")])
    absorbed = made(
        tx,
        contracts=[contract("A-17")],
        sites=[FACTORY],
        contacts=[contact("kim@leverantor.example", "Kim E")],
        identifiers={"orgnr": "5565436168"},
    )
    usecases.scoring.rescore_after_assessment(tx, [assess(absorbed, received)], LATER)
    before = usecases.registry.get_supplier(tx, absorbed, OFFICE)
    merge(tx, survivor, absorbed)
    tx.send()
    [kept] = ask(
        tx, "SELECT before FROM audit_trail WHERE resource_id = %s AND action = 'merged'", str(absorbed)
    )
    whole = kept
    assert whole["reason"] == WHY
    assert whole["identifiers"] == {"orgnr": "5565436168"}
    assert [each["contract_id"] for each in whole["contracts"]] == [before["contracts"][0]["contract_id"]]
    assert "name" not in whole["contacts"][0]
    assert whole["cases"][0]["judgement"]["stage"] == "reviewed"
    assert len(whole["score_ids"]) == 2
    [change] = ask(
        tx,
        "SELECT kind, merged_into FROM changes_unsealed WHERE id = %s ORDER BY 1 DESC LIMIT 1",
        str(absorbed),
    )
    assert change == ("merged", str(survivor))


def test_candidates_move_to_the_survivor_decided_as_they_were(tx: Transaction) -> None:
    survivor, absorbed = made(tx, "Exempelmedicin AB"), made(tx, "Annat namn AB")
    third, fourth = made(tx, "Annat namn Aktiebolag"), made(tx, "ANNAT NAMN")
    usecases.duplicates.reject_duplicate(tx, pairs_of(tx, absorbed)[third].duplicate_id, WHY, OFFICE, NOW)
    merge(tx, survivor, absorbed)
    states = {other: row.state for other, row in pairs_of(tx, survivor).items()}
    assert states == {third: "rejected", fourth: "open"}


def test_a_merge_decides_the_pair_that_it_is_about(tx: Transaction) -> None:
    survivor, absorbed = made(tx, "Exempelmedicin AB"), made(tx, "Exempelmedicin")
    [pair] = pairs_of(tx, survivor).values()
    merge(tx, survivor, absorbed)
    shown_now = usecases.duplicates.get_duplicate(tx, pair.duplicate_id)
    assert (shown_now["state"], shown_now["decision_reason"]) == ("merged", WHY)


def test_a_resync_tells_of_merges_again(tx: Transaction) -> None:
    survivor, absorbed = made(tx), made(tx)
    merge(tx, survivor, absorbed)
    told = usecases.merging.present_merges(tx, None, 500)
    mine = [event.data["absorbed_ids"] for event in told if event.subject == str(survivor)]
    assert mine == [[absorbed]]
