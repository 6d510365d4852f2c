"""What a wave works out once for cases that are alike: for all its parts and replicas, and no longer."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from services.suppliers import repository, usecases
from tests.suppliers.bodies import import_index, put_gloves
from tests.suppliers.merges import ask
from tests.suppliers.steps import LATER, assess, rescored
from tests.suppliers.test_waves import present, several, waves, worked_off

if TYPE_CHECKING:
    import pytest

    from chassis.db import Transaction


def test_what_becomes_of_like_cases_is_worked_out_once_and_forgotten_with_the_wave(
    tx: Transaction, received: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assessed, *suppliers = several(tx, 5)
    usecases.scoring.rescore_after_assessment(tx, [assess(assessed, received)], LATER)
    import_index(tx, "CPI", 2026, CHN="3")
    scored: list[int] = []
    whole = usecases.waves._scored
    monkeypatch.setattr(
        usecases.waves,
        "_scored",
        lambda tx, groups, *rest: scored.append(len(groups)) or whole(tx, groups, *rest),
    )
    worked_off(tx, size=1)
    assert sum(scored) == 2  # that of which something is known by itself, and the others
    assert present(tx, suppliers) == [Decimal("74.8")] * 4
    [wave] = waves(tx, kind="dataset", running=False)[-1:]
    assert sum(each["cases"] for each in wave.bands) == wave.cases == 5
    assert ask(tx, "SELECT count(*) FROM wave_move") == [0]


def test_a_part_that_outlasts_its_wave_leaves_no_short_cut_behind(tx: Transaction) -> None:
    several(tx, 3)
    usecases.waves.begin(tx, "dataset", "one", LATER)
    repository.waves.give_out(tx, 2)
    part = repository.waves.claim(tx)
    repository.waves.fail(tx, part, "it could not be", LATER)
    assert part
    usecases.waves._work_off(tx, part, LATER)
    assert ask(tx, "SELECT count(*) FROM wave_move") == [1]
    worked_off(tx)
    assert ask(tx, "SELECT count(*) FROM wave_move") == [0]


def test_a_replica_tells_of_like_cases_that_another_has_worked_out(
    tx: Transaction, emitted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppliers = several(tx, 3)
    put_gloves(tx, analysis=[None] * 4)
    import_index(tx, "EPI", 2026, CHN="1")
    before = len(rescored(emitted, tx))
    monkeypatch.setattr(usecases.remembered.Memo, "learn", lambda *_: None)  # as if each part were another's
    worked_off(tx, size=1)
    told = rescored(emitted, tx)[before:]
    assert {each["subject"] for each in told} == {f"{each}/handskar" for each in suppliers}
    [first, *others] = [{**each["data"], "supplier_id": None} for each in told]
    assert others == [first] * 2


def test_what_was_worked_out_before_a_change_of_the_basis_is_worked_out_anew(tx: Transaction) -> None:
    suppliers = several(tx, 4)
    import_index(tx, "CPI", 2026, CHN="3")
    usecases.waves.work(lambda: nullcontext(tx), LATER, 2)
    import_index(tx, "ITUC_GRI", 2027, CHN="1")  # 5 before
    usecases.waves.work(lambda: nullcontext(tx), LATER, 2)
    early, late = (set(present(tx, some)) for some in (suppliers[:2], suppliers[2:]))
    worked_off(tx)
    assert early != late == set(present(tx, suppliers))
