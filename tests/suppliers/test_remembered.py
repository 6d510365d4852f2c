"""What a wave remembers from part to part: so much, and as long as it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from services.suppliers import events, rulebook, usecases
from services.suppliers.domain import Previous, rescore
from tests.suppliers.bodies import NOW
from tests.suppliers.builders import case, inputs

if TYPE_CHECKING:
    import pytest

    from services.suppliers.domain import Rescored


def news() -> Rescored:
    previous = Previous(None, "no_data", ())
    [found] = rescore([case(1, inputs(), previous)], rulebook.rules(), NOW)
    return found


def test_of_what_is_told_only_so_much_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usecases.remembered, "_MOST_NEWS", 2)
    memo, told = usecases.remembered.Memo(), news()
    memo.shared(("wave",), rulebook.rules(), NOW)
    for number in range(8):
        memo.learn(("wave",), {("handskar", str(number)): told})
    assert list(memo.news(("wave",)).values()) == [told.brief] * 2
    assert memo.news(("another",)) == {}
    memo.forget()
    assert memo.news(("wave",)) == {}


def test_what_is_remembered_to_be_told_is_told_as_the_whole_would_be() -> None:
    whole = news()
    causes = [UUID(int=2)]
    assert events.supplier_risk_rescored(whole.brief, causes, ()) == events.supplier_risk_rescored(
        whole, causes, ()
    )


def test_what_has_been_worked_out_is_forgotten_with_what_it_followed_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memo, rules = usecases.remembered.Memo(), rulebook.rules()
    one = memo.shared(("wave",), rules, NOW)
    assert memo.shared(("wave",), rules, NOW) is one
    other = memo.shared(("another",), rules, NOW)
    assert other is not one
    monkeypatch.setattr(usecases.remembered, "_MOST_EXPOSED", -1)
    assert memo.shared(("another",), rules, NOW) is not other
