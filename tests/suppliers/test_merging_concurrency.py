"""Merges beside merges, rescorings and imports: nothing is written to who is gone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chassis import tables
from chassis.errors import Conflict
from services.suppliers import repository, usecases
from tests.backbone import others_wait, wait_until
from tests.callers import OFFICE
from tests.suppliers.bodies import NOW, SUPPLIER
from tests.suppliers.files import table
from tests.suppliers.merges import WHY, ask, contract, made, merge, pairs_of
from tests.suppliers.rows import CONTACT, FIRST, SECOND
from tests.suppliers.steps import LATER, assess

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from chassis.db import Database, Transaction
    from tests.suppliers.files import Imports

[FACTORY, _] = SUPPLIER["sites"]


def several(db: Database, number: int) -> list[UUID]:
    with db.transaction() as tx:
        return [made(tx, contracts=[contract()], sites=[FACTORY]) for _ in range(number)]


def survivor_of(db: Database, supplier_id: UUID) -> UUID:
    with db.transaction() as tx:
        return usecases.aliases.survivor_of(tx, supplier_id)


def while_it_holds(
    db: Database, first: Callable[[Transaction], Any], second: Callable[[Transaction], Any]
) -> None:
    """Do the first, and commit it when the second waits for it."""

    def later() -> None:
        with db.transaction() as other:
            second(other)

    thread = threading.Thread(target=later)
    with db.transaction() as tx:
        first(tx)
        tx.send()
        thread.start()
        wait_until(lambda: others_wait(tx))
    thread.join(20)
    assert not thread.is_alive()


def test_two_that_would_absorb_each_other_become_one(db: Database) -> None:
    one, other = several(db, 2)
    done = []

    def attempt(survivor: UUID, absorbed: UUID) -> None:
        with suppress(Conflict), db.transaction() as tx:
            merge(tx, survivor, absorbed)
            done.append(survivor)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(attempt, (one, other), (other, one)))
    [survivor] = done
    assert {survivor_of(db, one), survivor_of(db, other)} == {survivor}


def test_many_merges_at_once_end_in_ids_that_are_one_step_away(db: Database) -> None:
    ids = several(db, 8)

    def attempt(pair: tuple[UUID, UUID]) -> None:
        with suppress(Conflict), db.transaction() as tx:
            merge(tx, *pair)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(attempt, zip(ids, [*ids[1:], ids[0]], strict=True)))
    assert len({survivor_of(db, each) for each in ids}) == 1
    with db.transaction() as tx:
        assert ask(tx, "SELECT count(*) FROM contract WHERE supplier_id = %s", survivor_of(db, ids[0])) == [8]


def test_a_merge_waits_for_a_rescoring_and_takes_its_result(db: Database, received: Any) -> None:
    survivor, absorbed = several(db, 2)
    event = assess(absorbed, received)
    while_it_holds(
        db,
        lambda tx: usecases.scoring.rescore_after_assessment(tx, [event], LATER),
        lambda tx: merge(tx, survivor, absorbed),
    )
    with db.transaction() as tx:
        assert ask(
            tx, "SELECT supplier_id FROM judgement WHERE supplier_id IN (%s, %s)", survivor, absorbed
        ) == [survivor]


def test_a_rescoring_waits_for_a_merge_and_scores_the_survivor(db: Database, received: Any) -> None:
    survivor, absorbed = several(db, 2)
    event = assess(absorbed, received, completed_at=(NOW + timedelta(hours=1)).isoformat())
    while_it_holds(
        db,
        lambda tx: merge(tx, survivor, absorbed),
        lambda tx: usecases.scoring.rescore_after_assessment(tx, [event], LATER),
    )
    with db.transaction() as tx:
        assert ask(tx, "SELECT count(*) FROM risk_case WHERE supplier_id = %s", absorbed) == [0]
        [case] = usecases.risk.get_risk(tx, survivor, OFFICE)["cases"]
        assert case.causes == [event.id]


def test_a_pair_is_confirmed_while_one_of_the_two_is_written_and_its_pairs_are_found(db: Database) -> None:
    with db.transaction() as tx:
        one, other = made(tx, "Exempelmedicin AB"), made(tx, "Exempelmedicin Aktiebolag")
        [pair] = pairs_of(tx, one).values()

    def confirm() -> None:
        with db.transaction() as later:
            decided = {"survivor_id": other, "reason": WHY}
            usecases.duplicates.confirm_duplicate(later, pair.duplicate_id, decided, OFFICE, NOW)

    thread = threading.Thread(target=confirm)
    with db.transaction() as tx:
        repository.registry.lock_supplier(tx, one)
        thread.start()
        wait_until(lambda: others_wait(tx))
        usecases.duplicates.find(tx, [one], NOW)
        tx.send()
    thread.join(20)
    assert not thread.is_alive()
    assert survivor_of(db, one) == other


def test_who_is_registered_beside_a_merge_makes_a_pair_with_the_survivor(db: Database) -> None:
    with db.transaction() as tx:
        survivor, absorbed = made(tx, "Exempelmedicin AB"), made(tx, "Exempelmedicin Aktiebolag")
    while_it_holds(db, lambda tx: merge(tx, survivor, absorbed), lambda tx: made(tx, "EXEMPELMEDICIN"))
    with db.transaction() as tx:
        named = ask(tx, "SELECT ARRAY[one, other] FROM duplicate WHERE state = 'open'")
    assert len(named) == 1
    assert survivor in named[0]


def test_names_are_compared_when_no_merge_is_under_way(db: Database) -> None:
    with db.transaction() as tx:
        survivor, absorbed = made(tx, "Exempelmedicinteknik AB"), made(tx, "Exempelmedicintekniik AB")
        third = made(tx, "Exempelmedicintekniikk AB")
    compare = usecases.duplicates.compare_names
    while_it_holds(
        db,
        lambda tx: merge(tx, survivor, absorbed),
        lambda tx: [compare(lambda: nullcontext(tx)) for _ in range(2)],
    )
    with db.transaction() as tx:
        named = ask(tx, "SELECT ARRAY[one, other] FROM duplicate WHERE state = 'open'")
    assert [set(pair) for pair in named] in ([{survivor, third}], [])


def test_an_import_that_waited_for_a_merge_writes_to_the_survivor(imports: Imports) -> None:
    imports.run("suppliers", [FIRST, SECOND])
    absorbed, survivor = imports.ask("SELECT supplier_id FROM own_number ORDER BY number")
    job_id = imports.start("contacts", table(tables.CSV, [CONTACT]))
    with imports.transaction() as tx:
        merge(tx, survivor, absorbed)
        tx.send()

        def end_when_waited_for() -> None:
            wait_until(lambda: others_wait(tx))
            tx.commit()

        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(end_when_waited_for)
            imports.work(job_id)  # it sets signals: only the main thread can
            ended.result()
    assert imports.shown(job_id)["report"][0]["state"] == "made"
    assert imports.ask("SELECT supplier_id FROM contact") == [survivor]


def test_rows_that_name_an_old_id_or_a_former_number_are_the_survivors(imports: Imports) -> None:
    imports.run("suppliers", [FIRST, SECOND])
    absorbed, survivor = imports.ask("SELECT supplier_id FROM own_number ORDER BY number")
    with imports.transaction() as tx:
        merge(tx, survivor, absorbed)
        tx.commit()
    rows = [
        {"supplier_id": str(absorbed), "legal_name": SECOND["legal_name"]},
        {"orgnr": FIRST["orgnr"], "legal_name": SECOND["legal_name"]},
        {"region": "01", "own_number": FIRST["own_number"], "legal_name": SECOND["legal_name"]},
    ]
    report = [imports.run("suppliers", [row])["report"][0] for row in rows]
    assert [(row["state"], row["item_id"]) for row in report] == [("unchanged", survivor)] * 3
