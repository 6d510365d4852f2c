"""Waves beside events, new cases, other waves and what begins them: nobody's score is left behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from services.suppliers import usecases
from tests.backbone import others_wait, wait_until
from tests.callers import OFFICE
from tests.recomputed import behind
from tests.suppliers.bodies import import_china, import_index, put_gloves, register, supplier
from tests.suppliers.merges import ask
from tests.suppliers.parts import by, site
from tests.suppliers.steps import LATER, assess, history
from tests.suppliers.test_merging_concurrency import while_it_holds
from tests.suppliers.test_waves import calm, stricter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from chassis.db import Database, Transaction

    Change = Callable[[Transaction], Any]

RULES = "2027-beside"


def several(db: Database, count: int) -> list[UUID]:
    """Suppliers with a case each, and a rule set that was tried."""
    with db.transaction() as tx:
        put_gloves(tx)
        import_china(tx)
        calm(tx)
        made = [register(tx, supplier())["supplier_id"] for _ in range(count)]
        usecases.rule_sets.add_rule_set(tx, RULES, stricter(), OFFICE, LATER)
        usecases.rule_sets.try_rule_set(tx, RULES, LATER)
    work_off(db)
    return sorted(made)


def work_off(db: Database, size: int = 2) -> None:
    while usecases.waves.work(db.transaction, LATER, size):
        pass


def left_behind(db: Database) -> list[str]:
    with db.transaction() as tx:
        return behind(tx)


def activate(tx: Transaction) -> None:
    usecases.rule_sets.activate(tx, RULES, "decided", OFFICE, LATER)


def new_dataset(tx: Transaction) -> None:
    import_index(tx, "CPI", 2026, CHN="3")


def new_analysis(tx: Transaction) -> None:
    put_gloves(tx, analysis=[None] * 4)


@pytest.mark.parametrize("change", [activate, new_dataset, new_analysis])
def test_what_is_scored_while_scores_come_to_follow_from_something_else_is_brought_over(
    db: Database, received: Any, change: Change
) -> None:
    [one, _] = several(db, 2)
    event = assess(one, received)
    while_it_holds(db, lambda tx: usecases.scoring.rescore_after_assessment(tx, [event], LATER), change)
    work_off(db)
    assert left_behind(db) == []


@pytest.mark.parametrize("change", [activate, new_dataset, new_analysis])
def test_a_case_that_is_made_meanwhile_is_brought_over(db: Database, change: Change) -> None:
    several(db, 1)
    while_it_holds(db, lambda tx: register(tx, supplier()), change)
    work_off(db)
    assert left_behind(db) == []


def test_who_scores_waits_for_a_change_that_is_being_written_and_follows_it(
    db: Database, received: Any
) -> None:
    [one] = several(db, 1)
    event = assess(one, received)
    while_it_holds(db, activate, lambda tx: usecases.scoring.rescore_after_assessment(tx, [event], LATER))
    with db.transaction() as tx:
        assert history(tx, one)["items"][-1].rule_set == RULES


def test_a_wave_that_begins_while_another_ends_goes_through_all_cases(db: Database) -> None:
    several(db, 3)
    with db.transaction() as tx:
        import_index(tx, "EPI", 2026, CHN="20")
    begun: list[Transaction] = []

    def change() -> None:
        with db.transaction() as other:
            new_dataset(other)

    thread = threading.Thread(target=change)

    @contextmanager
    def begin() -> Iterator[Transaction]:
        with db.transaction() as tx:
            begun.append(tx)
            yield tx
            if len(begun) == 3:  # the part's own: it has been worked off, and is not committed
                tx.send()
                thread.start()
                wait_until(lambda: others_wait(tx))

    assert usecases.waves.work(begin, LATER, 10)
    thread.join(20)
    work_off(db)
    assert left_behind(db) == []


def test_what_a_wave_remembers_of_groups_is_forgotten_with_what_it_followed_from(db: Database) -> None:
    # CPI 43 -> 3 and, before the wave's second part, 50
    _, *later = several(db, 3)
    with db.transaction() as tx:
        new_dataset(tx)
    usecases.waves.work(db.transaction, LATER, 1)
    with db.transaction() as tx:
        import_index(tx, "CPI", 2026, CHN="50")
    work_off(db)
    with db.transaction() as tx:
        found = [history(tx, each)["items"][-1].inputs["indices"]["CPI"] for each in later]
    assert found == [{"CN": 50}] * 2


def test_workers_beside_each_other_give_every_case_each_wave_s_score_once(db: Database) -> None:
    suppliers = several(db, 12)
    with db.transaction() as tx:
        new_dataset(tx)
    usecases.waves.work(db.transaction, LATER, 2)  # so that the next is a wave of its own
    with db.transaction() as tx:
        activate(tx)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: work_off(db), range(3)))
    with db.transaction() as tx:
        rows = [len(history(tx, each)["items"]) for each in suppliers]
        waves = ask(tx, "SELECT kind, cases FROM wave WHERE kind IN ('dataset', 'rule_set') AND cases > 0")
    assert (rows, sorted(waves)) == ([3] * 12, [("dataset", 12), ("rule_set", 12)])
    assert left_behind(db) == []


def test_a_case_that_was_changed_meanwhile_moves_with_those_that_are_like_it_now(db: Database) -> None:
    first, second = several(db, 2)
    with db.transaction() as tx:
        new_dataset(tx)
    with db.transaction() as tx:
        usecases.sites.add_site(tx, first, site(category_ids=["handskar"]), by())
    usecases.waves.work(db.transaction, LATER, 1)  # the first: cases like it are met now
    while_it_holds(
        db,
        lambda tx: usecases.sites.add_site(tx, second, site(category_ids=["handskar"]), by()),
        lambda _: usecases.waves.work(db.transaction, LATER, 1),
    )
    with db.transaction() as tx:
        _, heard, moved = history(tx, second)["items"]
        present = ask(tx, "SELECT score_id FROM risk_case WHERE supplier_id = %s", second)
    assert (moved.previous_score, moved.score, present) == (heard.score, heard.score, [moved.score_id])
    assert left_behind(db) == []


def test_a_part_waits_for_an_event_and_goes_on_from_its_score(db: Database, received: Any) -> None:
    # judged 80, workers' rights the worst: see test_whatif; CPI 3 instead of 43 adds 40 * 0.5 * 0.664 / 8
    [one, _] = several(db, 2)
    with db.transaction() as tx:
        new_dataset(tx)
    event = assess(one, received)
    while_it_holds(
        db,
        lambda tx: usecases.scoring.rescore_after_assessment(tx, [event], LATER),
        lambda _: usecases.waves.work(db.transaction, LATER, 10),
    )
    with db.transaction() as tx:
        [first, heard, moved] = history(tx, one)["items"]
    assert (first.score, heard.score, heard.causes) == (Decimal("72.3"), Decimal("49.7"), [event.id])
    assert (moved.previous_score, moved.score) == (heard.score, heard.score)
    assert left_behind(db) == []
