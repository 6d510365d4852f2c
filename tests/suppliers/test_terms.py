"""The terms of a score as they are written, and the ids that follow from them."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given

from chassis import sql
from services.suppliers.domain import FLAGS, parse_facts, parse_work, utc_day
from services.suppliers.domain.inherent import inherent_terms
from services.suppliers.domain.score import score_of
from services.suppliers.repository import terms
from tests.suppliers import drawn
from tests.suppliers.builders import NO_ANALYSIS, RULES, inputs, scored

if TYPE_CHECKING:
    from datetime import date, datetime


@given(drawn.facts, drawn.as_of)
def test_terms_are_written_as_the_library_would_write_them(facts: dict[str, Any], as_of: datetime) -> None:
    areas = scored(facts, as_of).areas
    assert terms.areas(areas) == sql.document(areas)


def test_what_nobody_knows_is_null() -> None:
    result = scored(inputs(countries={}, analysis=NO_ANALYSIS))
    assert (terms.work(result), '"country":null' in terms.areas(result.areas)) == ("null", True)


@given(drawn.facts, drawn.as_of, drawn.as_of)
def test_a_score_of_the_work_that_was_kept_with_an_earlier_one_is_that_of_the_facts(
    facts: dict[str, Any], then: datetime, now: datetime
) -> None:
    earlier = scored(facts, then)
    kept = terms.work(earlier)
    assume(kept != "null")
    beside = SimpleNamespace(assessed_at=earlier.work.assessed_at, **{n: getattr(earlier, n) for n in FLAGS})
    work = parse_work(sql.loads(kept), beside)
    assert work == earlier.work
    today, exposure = utc_day(now), parse_facts(facts).exposure
    if work.holds(today):
        assert score_of(exposure, inherent_terms(exposure, RULES, today), work, RULES, today) == scored(
            facts, now
        )
    else:
        assert {each.valid_until for each in work.evidence} & days_between(then, now)


def days_between(one: datetime, other: datetime) -> set[date]:
    """The days after whose end, between two moments, something has expired."""
    first, last = sorted((utc_day(one), utc_day(other)))
    return {first + timedelta(days=number) for number in range((last - first).days)}
