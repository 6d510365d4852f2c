"""A merge that was wrong is taken apart by what docs/merging.md says, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.suppliers import schemas, usecases
from tests.callers import OFFICE
from tests.suppliers.bodies import SUPPLIER, loaded
from tests.suppliers.merges import ask, contact, contract, made, merge, pairs_of
from tests.suppliers.parts import by
from tests.suppliers.steps import LATER, assess, history
from tests.suppliers.test_merging import raised

if TYPE_CHECKING:
    from uuid import UUID

    from chassis.db import Transaction

PAGE = Path(__file__).parents[2] / "docs" / "merging.md"
[FACTORY, _] = SUPPLIER["sites"]


def take_apart(tx: Transaction, absorbed: UUID) -> None:
    """Do what the page says."""
    [statements] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    with tx.cursor() as cursor:
        cursor.execute(statements.replace(":absorbed", f"'{absorbed}'"))


def known(tx: Transaction, supplier_id: UUID) -> dict[str, Any]:
    """All that is known of a supplier."""
    whole = usecases.registry.get_supplier(tx, supplier_id, OFFICE)
    risk = usecases.risk.get_risk(tx, supplier_id, OFFICE)
    scores = [row.score_id for row in history(tx, supplier_id)["items"]]
    facts = [
        ask(tx, f"SELECT to_jsonb(t) FROM {table} AS t WHERE supplier_id = %s ORDER BY 1", supplier_id)  # noqa: S608  ours
        for table in ("identifier", "judgement", "finding", "deviation", "risk_case", "headline")
    ]
    return {"whole": {**whole, "version": None}, "risk": risk, "scores": scores, "facts": facts}


def two(tx: Transaction, received: Any) -> tuple[UUID, UUID]:
    """Two suppliers that share an address, a reference and a category, each with a history."""
    one = made(
        tx,
        "Exempelmedicin AB",
        identifiers={"gln": "7300010000001"},
        contacts=[contact("kim@leverantor.example")],
        sites=[FACTORY],
        contracts=[contract("A-17")],
    )
    other = made(
        tx,
        "Exempelmedicin Nord AB",
        identifiers={"gln": "7350053850019", "orgnr": "5565436168"},
        own_numbers=[{"region": "14", "number": "L-2"}],
        contacts=[contact("kim@leverantor.example"), contact("robin@leverantor.example")],
        sites=[FACTORY | {"country": "MM"}],
        contracts=[contract("A-17"), contract(None)],
    )
    usecases.scoring.rescore_after_assessment(
        tx,
        [assess(one, received, 3, completed_at="2026-10-01T00:00:00+00:00"), assess(other, received, 2)],
        LATER,
    )
    usecases.scoring.rescore_after_findings(tx, [raised(other, received)], LATER)
    paused = loaded(schemas.Status, {"status": "inactive", "reason": "Vilande", "since": "2026-11-01"})
    usecases.registry.set_status(tx, other, paused, by())
    return one, other


def test_a_merge_is_taken_apart_as_the_page_says(tx: Transaction, received: Any) -> None:
    one, other = two(tx, received)
    before = {each: known(tx, each) for each in (one, other)}
    merge(tx, one, other)
    assert known(tx, one) != before[one]
    rescored = {row.score_id for row in history(tx, one)["items"]}
    take_apart(tx, other)
    assert known(tx, other) == before[other]
    after = known(tx, one)
    # what the merge had computed stays in the survivor's history
    assert {*after["scores"]} == rescored - {*before[other]["scores"]}
    assert after["whole"] == before[one]["whole"]
    assert after["facts"][:4] == before[one]["facts"][:4]
    assert usecases.aliases.survivor_of(tx, other) == other
    assert pairs_of(tx, one)[other].state == "rejected"


def test_a_persons_numbers_stand_in_the_trail_as_hashes_and_come_back(tx: Transaction) -> None:
    persons = ["198507099805", "191212121212", "189001019802"]
    first, other, one = (made(tx, identifiers={"personnr": number}) for number in persons)
    merge(tx, other, first)
    merge(tx, one, other)
    trail = str(ask(tx, "SELECT to_jsonb(t) FROM audit_trail_unsealed AS t WHERE resource = 'supplier'"))
    assert "former_identifiers" in trail
    assert not [number for number in persons if number in trail]
    take_apart(tx, other)
    kept = (
        "SELECT value || CASE WHEN former THEN ' former' ELSE '' END FROM identifier WHERE supplier_id = %s"
    )
    assert ask(tx, f"{kept} ORDER BY 1", other) == ["191212121212", "198507099805 former"]
    assert ask(tx, kept, one) == ["189001019802"]


def test_ids_that_meant_what_was_absorbed_mean_it_again(tx: Transaction, received: Any) -> None:
    one, other = two(tx, received)
    earlier = made(tx, "Exempel Tidigare AB")
    merge(tx, other, earlier)
    merge(tx, one, other)
    take_apart(tx, other)
    assert usecases.aliases.survivor_of(tx, earlier) == other
    told = {
        event.subject: event.data["absorbed_ids"] for event in usecases.merging.present_merges(tx, None, 500)
    }
    # the others hear that the old id is a supplier of its own again
    assert (told[str(one)], told[str(other)]) == ([], [earlier])


def test_what_came_since_the_merge_stays_the_survivors(tx: Transaction, received: Any) -> None:
    one, other = two(tx, received)
    merge(tx, one, other)
    late = made(tx, "Exempel Sen AB", identifiers={"lei": "213800KUD8LAJWSQ9D15"})
    merge(tx, one, late)
    take_apart(tx, other)
    assert usecases.registry.get_supplier(tx, one, OFFICE)["identifiers"] == {
        "gln": "7300010000001",
        "lei": "213800KUD8LAJWSQ9D15",
    }
