"""Trials of rule sets that ended long ago: which cases would have changed band is forgotten, in batches."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from chassis.errors import NotFound
from services.suppliers import schemas, usecases
from tests.callers import OFFICE, page_query
from tests.suppliers.bodies import NOW
from tests.suppliers.merges import ask
from tests.suppliers.steps import LATER
from tests.suppliers.test_waves import DAY, several, stricter, worked_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from chassis.db import Transaction

DAYS = 90
LONG_AFTER = LATER + (DAYS + 1) * DAY


@pytest.fixture
def forget(tx: Transaction, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Forget what is old at a time, three rows at a time; return in how many batches."""
    monkeypatch.setattr(usecases.trials, "_AT_ONCE", 3)

    @contextmanager
    def begin() -> Iterator[Transaction]:
        yield tx

    def forgotten(now: Any, most: int = 1000) -> int:
        batches = 0
        while batches < most and usecases.trials.forget(begin, DAYS, now):
            batches += 1
        return batches

    return forgotten


def tried(tx: Transaction, name: str, cases: int = 5) -> UUID:
    """A trial, over, that would bring each case into another band."""
    several(tx, cases)
    usecases.rule_sets.add_rule_set(tx, name, stricter(), OFFICE, NOW)
    wave_id: UUID = usecases.rule_sets.try_rule_set(tx, name, NOW)["wave_id"]
    worked_off(tx)
    return wave_id


def listed(tx: Transaction, wave_id: UUID) -> int:
    page = usecases.waves.list_trial_changes(tx, wave_id, page_query(schemas.waves.TrialQuery))
    return len(page["items"])


def left(tx: Transaction, wave_id: UUID) -> int:
    [count] = ask(tx, "SELECT count(*) FROM trial_change WHERE wave_id = %s", wave_id)
    return int(count)


def test_what_an_old_trial_would_change_is_forgotten_and_what_it_came_to_stays(
    tx: Transaction, forget: Callable[..., int]
) -> None:
    wave_id = tried(tx, "2027-old")
    before = usecases.waves.get_wave(tx, wave_id)
    forget(LATER + DAYS * DAY)
    assert (listed(tx, wave_id), before["changes_gone_at"]) == (5, None)
    assert forget(LONG_AFTER) >= 2
    assert left(tx, wave_id) == 0
    with pytest.raises(NotFound, match="forgotten at 20"):
        listed(tx, wave_id)
    assert usecases.waves.get_wave(tx, wave_id) == before | {"changes_gone_at": LONG_AFTER}
    assert forget(LONG_AFTER) == 0
    usecases.rule_sets.activate(tx, "2027-old", "tried long ago", OFFICE, LONG_AFTER)


def test_nobody_is_shown_a_part_of_what_is_being_forgotten(
    tx: Transaction, forget: Callable[..., int]
) -> None:
    wave_id = tried(tx, "2027-part")
    forget(LONG_AFTER, most=1)
    assert 0 < left(tx, wave_id) < 5
    with pytest.raises(NotFound):
        listed(tx, wave_id)


def test_the_last_trial_of_the_rule_set_in_force_is_kept(tx: Transaction, forget: Callable[..., int]) -> None:
    first = tried(tx, "2027-force")
    second = usecases.rule_sets.try_rule_set(tx, "2027-force", LATER)["wave_id"]
    worked_off(tx)
    usecases.rule_sets.activate(tx, "2027-force", "decided", OFFICE, LATER)
    worked_off(tx)
    forget(LONG_AFTER)
    assert (left(tx, first), left(tx, second), listed(tx, second)) == (0, 5, 5)
    usecases.rule_sets.add_rule_set(tx, "2027-next", stricter(), OFFICE, LONG_AFTER)
    usecases.rule_sets.try_rule_set(tx, "2027-next", LONG_AFTER)
    worked_off(tx, LONG_AFTER)
    usecases.rule_sets.activate(tx, "2027-next", "decided", OFFICE, LONG_AFTER)
    forget(LONG_AFTER)
    assert left(tx, second) == 0
