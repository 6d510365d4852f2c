"""Rescorings of many cases: what leads to them, what they write and tell, and how they survive."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from chassis import sql, turns
from chassis.errors import Conflict, NotFound
from services.suppliers import repository, rulebook, schemas, usecases
from services.suppliers.domain import rescore
from tests.callers import OFFICE, caller, page_query
from tests.recomputed import wrong
from tests.suppliers.bodies import NOW, SUPPLIER, import_index, loaded, put_gloves, register, supplier
from tests.suppliers.builders import case, inputs
from tests.suppliers.steps import LATER, assess, history, registered, rescored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.db import Transaction

DAY = timedelta(days=1)


def worked_off(tx: Transaction, now: Any = LATER, size: int = 2) -> int:
    """Work all waves off inside the test's transaction; return how many parts that took."""

    @contextmanager
    def begin() -> Iterator[Transaction]:
        yield tx

    parts = 0
    while usecases.waves.work(begin, now, size):
        parts += 1
    return parts


def waves(tx: Transaction, **given: Any) -> list[Any]:
    found: list[Any] = usecases.waves.list_waves(tx, page_query(schemas.waves.WaveQuery, **given), OFFICE)[
        "items"
    ]
    return found


def alone(tx: Transaction) -> None:
    """Leave out what other tests have made."""
    with tx.cursor() as cursor:
        cursor.execute("UPDATE risk_case SET result_id = NULL")


def calm(tx: Transaction) -> None:
    """End what has been begun."""
    with tx.cursor() as cursor:
        cursor.execute("UPDATE wave SET given_out = true, ended_at = now()")


def several(tx: Transaction, count: int = 5) -> list[UUID]:
    alone(tx)
    first = registered(tx)
    calm(tx)
    return [first, *(register(tx, supplier())["supplier_id"] for _ in range(count - 1))]


def present(tx: Transaction, suppliers: list[UUID]) -> list[Decimal]:
    return [history(tx, each)["items"][-1].score for each in suppliers]


def stricter(**changes: Any) -> dict[str, Any]:
    """The packaged rule set with the worst area weighing more."""
    content = sql.loads(sql.document(rulebook.rule_file("2026-1")))
    return loaded(
        schemas.rule_sets.NewRuleSet, content | {"score": {"max": 1, "mean": 0, "step": 0.1}} | changes
    )


def test_a_new_dataset_scores_every_case_and_tells_of_other_bands_only(tx: Transaction, emitted: Any) -> None:
    # CPI 43 -> 3: business ethics 60.5: mean 258.76575/4 = 64.69; 42.5 + 32.35 = 74.8: high as before
    # and GRI 5 -> 1: workers 10, 80 -> 45: max 69.01575, mean 218.76575/4: 34.5 + 27.3 = 61.9
    suppliers = several(tx)
    told = len(rescored(emitted, tx))
    import_index(tx, "CPI", 2026, CHN="3")
    assert worked_off(tx) == 3
    assert present(tx, suppliers) == [Decimal("74.8")] * 5
    assert len(rescored(emitted, tx)) == told
    [wave] = waves(tx, kind="dataset", running=False)[-1:]
    assert (wave.about, wave.cases, wave.told) == ("CPI/2026", 5, 0)
    assert wave.bands == [{"band_before": "high", "band_after": "high", "cases": 5}]
    causes = {tuple(history(tx, each)["items"][-1].causes) for each in suppliers}
    assert causes == {(wave.wave_id,)}


def test_a_wave_tells_of_what_is_in_another_band(tx: Transaction, emitted: Any) -> None:
    suppliers = several(tx, 2)
    put_gloves(tx, analysis=[None] * 4)
    import_index(tx, "EPI", 2026, CHN="1")
    before = len(rescored(emitted, tx))
    worked_off(tx)
    [one, two] = rescored(emitted, tx)[before:]
    assert {one["subject"], two["subject"]} == {f"{each}/handskar" for each in suppliers}
    assert one["data"]["changed"] is True


def test_datasets_that_come_one_after_another_are_one_wave(tx: Transaction) -> None:
    several(tx, 1)
    before = len(waves(tx, limit=500))
    for index in ("CPI", "EPI"):
        import_index(tx, index, 2026, CHN="40")
    *_, last = waves(tx, limit=500)
    assert (len(waves(tx, limit=500)) - before, last.about) == (1, "CPI/2026, EPI/2026")


def test_a_month_s_decay_is_begun_once_and_keeps_only_what_shows(
    tx: Transaction, emitted: Any, received: Any
) -> None:
    assessed, other = several(tx, 2)
    usecases.scoring.rescore_after_assessment(tx, [assess(assessed, received)], LATER)
    told, later = len(rescored(emitted, tx)), LATER + 40 * DAY
    assert [usecases.waves.begin_decay(tx, later) for _ in range(2)] == [True, False]
    worked_off(tx, later)
    assert len(history(tx, other)["items"]) == 1
    assert len(history(tx, assessed)["items"]) == 3
    assert len(rescored(emitted, tx)) == told  # 48.0 -> a point more: still medium


def test_a_rule_set_is_tried_before_it_is_switched_on_and_then_scores_every_case(
    tx: Transaction, emitted: Any
) -> None:
    suppliers = several(tx)
    usecases.rule_sets.add_rule_set(tx, "2027-tried", stricter(), OFFICE, LATER)
    with pytest.raises(Conflict):
        usecases.rule_sets.activate(tx, "2027-tried", "why", OFFICE, LATER)
    trial = usecases.rule_sets.try_rule_set(tx, "2027-tried", LATER)
    worked_off(tx)
    found = usecases.waves.get_wave(tx, trial["wave_id"])
    assert (found["cases"], found["told"], found["ended_at"]) == (5, 5, LATER)
    assert found["bands"] == [{"band_before": "high", "band_after": "very_high", "cases": 5}]
    page = usecases.waves.list_trial_changes(tx, trial["wave_id"], page_query(schemas.waves.TrialQuery))
    assert {row.supplier_id for row in page["items"]} == set(suppliers)
    assert (page["items"][0].score_before, page["items"][0].score_after) == (Decimal("72.3"), Decimal("85.0"))
    assert page["items"][0].why == {
        "score": {"before": Decimal("72.3"), "after": Decimal("85.0"), "terms": ["max", "mean"]}
    }
    assert present(tx, suppliers) == [Decimal("72.3")] * 5

    before = len(rescored(emitted, tx))
    usecases.rule_sets.activate(tx, "2027-tried", "decided", OFFICE, LATER)
    worked_off(tx)
    assert present(tx, suppliers) == [Decimal("85.0")] * 5
    assert len(rescored(emitted, tx)) - before == 5
    assert {history(tx, each)["items"][-1].rule_set for each in suppliers} == {"2027-tried"}
    newcomer = register(tx, supplier())["supplier_id"]
    assert history(tx, newcomer)["items"][-1].rule_set == "2027-tried"


def test_every_score_that_a_wave_writes_can_be_computed_again(tx: Transaction, received: Any) -> None:
    [one, two] = several(tx, 2)
    usecases.scoring.rescore_after_assessment(tx, [assess(one, received)], LATER)
    import_index(tx, "CPI", 2026, CHN="12.5")
    worked_off(tx, LATER + 30 * DAY)
    usecases.rule_sets.add_rule_set(tx, "2027-again", stricter(), OFFICE, LATER)
    usecases.rule_sets.try_rule_set(tx, "2027-again", LATER)
    worked_off(tx)
    usecases.rule_sets.activate(tx, "2027-again", "decided", OFFICE, LATER)
    worked_off(tx)
    assert [len(history(tx, each)["items"]) for each in (one, two)] == [4, 3]
    assert wrong(tx) == []


def test_a_part_whose_worker_died_is_worked_off_by_another(tx: Transaction) -> None:
    several(tx)
    import_index(tx, "CPI", 2026, CHN="3")
    assert repository.waves.give_out(tx, 2)  # and never worked on
    worked_off(tx)
    [wave] = waves(tx, kind="dataset", running=False)[-1:]
    assert wave.cases == 5


def test_a_part_has_as_many_cases_as_are_quick() -> None:
    pace = usecases.remembered.Pace()
    given_out, sizes = pace.size, []
    for milliseconds_a_case in [0.12] * 6 + [0.03] * 4 + [2] * 2:
        cases, given_out = (
            given_out,
            pace.size,
        )  # a part is given out before the last one has been learnt from
        pace.took(cases * milliseconds_a_case / 1000, cases)
        sizes.append(pace.size)
    assert sizes == [400, 800, 1000, 1000, 1000, 1000, 2000, 2000, 2000, 2000, 200, 200]


def test_a_wave_ends_with_its_last_part_though_another_goes_on(tx: Transaction) -> None:
    several(tx, 4)
    usecases.waves.begin(tx, "dataset", "first", LATER)
    usecases.waves.begin(tx, "analysis", "second", LATER + DAY, "handskar")
    for _ in range(3):
        usecases.waves.work(lambda: nullcontext(tx), LATER, 2)
    assert [wave.about for wave in waves(tx, running=True)] == ["second"]


def test_a_wave_whose_last_part_was_full_or_that_has_no_cases_ends_all_the_same(tx: Transaction) -> None:
    several(tx, 4)
    usecases.waves.begin(tx, "dataset", "full", LATER)
    usecases.waves.begin(tx, "analysis", "nothing", LATER, "nothing")
    assert worked_off(tx) == 2
    ended = {wave.about: (wave.cases, wave.ended_at) for wave in waves(tx, running=False, limit=500)}
    assert (ended["full"], ended["nothing"]) == ((4, LATER), (0, LATER))


def test_others_run_while_cases_are_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = rulebook.rules()  # to read them has turns of its own
    passed: list[None] = []
    monkeypatch.setattr(turns, "passed", lambda: passed.append(None))
    cases = [case(each, inputs()) for each in range(3)]
    assert len(rescore(usecases.scoring.in_turns(cases), rules, NOW)) == len(passed)


def test_cases_with_the_same_facts_share_what_their_scores_consist_of(tx: Transaction) -> None:
    suppliers = several(tx)
    with tx.cursor() as cursor:
        cursor.execute("SELECT result_id FROM risk_case WHERE supplier_id = ANY(%s)", [suppliers])
        assert len(Counter(row.result_id for row in cursor)) == 1


def test_a_wave_of_a_category_leaves_other_cases_alone(tx: Transaction) -> None:
    [gloves] = SUPPLIER["contracts"]
    [one] = several(tx, 1)
    names = {"sv": "Garn", "en": "Yarn"}
    yarn = loaded(schemas.NewCategory, {"names": names, "analysis": [None] * 4})
    repository.categories.save_category(tx, {"category_id": "garn", **yarn}, None)
    other = register(tx, supplier(contracts=[gloves | {"category_id": "garn"}]))["supplier_id"]
    usecases.waves.begin(tx, "analysis", "garn", LATER, "garn")
    worked_off(tx)
    assert [len(history(tx, each)["items"]) for each in (one, other)] == [1, 2]


def test_a_rule_set_never_changes_and_one_that_there_is_not_cannot_be_tried(tx: Transaction) -> None:
    usecases.rule_sets.add_rule_set(tx, "2027-fixed", stricter(), OFFICE, NOW)
    for name in ("2027-fixed", "2026-1"):
        with pytest.raises(Conflict):
            usecases.rule_sets.add_rule_set(tx, name, stricter(), OFFICE, NOW)
    with pytest.raises(NotFound):
        usecases.rule_sets.try_rule_set(tx, "2027-nobody", NOW)


def test_which_bands_a_wave_moved_is_told_to_the_office_alone(tx: Transaction) -> None:
    several(tx, 1)
    worked_off(tx)
    region, query = caller("region", region="01"), page_query(schemas.waves.WaveQuery)
    for wave in waves(tx):
        assert wave.bands is not None
        shown = usecases.waves.show_wave(tx, wave.wave_id, region)
        assert shown == wave._asdict() | {"bands": None}
        assert usecases.waves.show_wave(tx, wave.wave_id, OFFICE) == wave._asdict()
    listed = usecases.waves.list_waves(tx, query, region)["items"]
    assert listed
    assert all(wave.bands is None for wave in listed)
