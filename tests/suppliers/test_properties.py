"""What must hold of a score for any facts."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from dataclasses import replace
from decimal import ROUND_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Any

import orjson
from hypothesis import assume, given
from hypothesis import strategies as st

from services.suppliers.domain import AREAS, Score, rescore
from tests.suppliers import drawn
from tests.suppliers.builders import RULES, case, scored
from tests.suppliers.golden import notation

if TYPE_CHECKING:
    from datetime import datetime

MATRICES = ("claimed", "judged", "audited")
SCORED = drawn.facts.filter(lambda facts: facts["judgement"] or facts["audits"])


def dumped(result: Score) -> bytes:
    """Return all terms as bytes: digits that differ show, even where the numbers are equal."""
    return orjson.dumps(result, default=str)


def golden_bytes() -> bytes:
    cases = notation.read_cases((notation.HERE / "cases.csv").read_text(encoding="utf-8"))
    return b"\n".join(dumped(scored(case.facts, case.as_of)) for case in cases)


@given(drawn.facts, drawn.as_of)
def test_a_score_is_from_0_to_100_and_absent_only_without_data(
    facts: dict[str, Any], as_of: datetime
) -> None:
    result = scored(facts, as_of)
    assert (result.score is None) == (result.band == "no_data")
    assert result.score is None or 0 <= result.score <= 100
    if len(result.no_data_areas) < len(AREAS):
        assert result.score is not None
    for area in result.areas.values():
        assert 0 <= area.mitigation <= 1
        terms = (area.country, area.category, area.inherent, area.residual)
        assert all(0 <= term <= 100 for term in terms if term is not None)


@given(SCORED, drawn.as_of, st.data())
def test_a_better_score_in_one_cell_never_raises_the_risk(
    facts: dict[str, Any], as_of: datetime, data: st.DataObject
) -> None:
    better = copy.deepcopy(facts)
    found = [*better["audits"], better["judgement"] or {}]
    places = [
        (row, column)
        for each in found
        for name in MATRICES
        for row in each.get(name) or []
        for column, cell in enumerate(row)
        if cell is not None
    ]
    assume(places)
    row, column = data.draw(st.sampled_from(places))
    row[column] = str(data.draw(st.decimals(Decimal(row[column]), 100, places=2)))
    before, after = scored(facts, as_of), scored(better, as_of)
    assert nowhere_higher([after.score], than=[before.score])
    assert nowhere_higher(residuals(after), than=residuals(before))


@given(drawn.facts, drawn.deviations, drawn.as_of)
def test_a_new_deviation_never_lowers_the_risk(
    facts: dict[str, Any], one: dict[str, Any], as_of: datetime
) -> None:
    before = scored(facts, as_of)
    after = scored(facts | {"deviations": [*facts["deviations"], one]}, as_of)
    assert before.score is None or nowhere_higher([before.score], than=[after.score])
    had = [area for area in AREAS if before.areas[area].residual is not None]
    assert nowhere_higher(
        [before.areas[area].residual for area in had], than=[after.areas[area].residual for area in had]
    )


@given(drawn.facts, drawn.deviations, st.sampled_from(["severe", "overdue"]), drawn.as_of)
def test_a_deviation_that_becomes_worse_never_lowers_the_risk(
    facts: dict[str, Any], one: dict[str, Any], flag: str, as_of: datetime
) -> None:
    less = scored(facts | {"deviations": [*facts["deviations"], one | {flag: False}]}, as_of)
    more = scored(facts | {"deviations": [*facts["deviations"], one | {flag: True}]}, as_of)
    assert less.score is None or nowhere_higher([less.score], than=[more.score])
    assert nowhere_higher(residuals(less), than=residuals(more))


def residuals(result: Score) -> list[Decimal | None]:
    return [area.residual for area in result.areas.values()]


def nowhere_higher(found: list[Decimal | None], *, than: list[Decimal | None]) -> bool:
    """Return whether each value is the same or smaller, and absent where the other is."""
    pairs = zip(found, than, strict=True)
    return all(a == b or (a is not None and b is not None and a < b) for a, b in pairs)


@given(drawn.facts, drawn.as_of, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_stand_does_not_matter(
    facts: dict[str, Any], as_of: datetime, chance: Any
) -> None:
    def shuffled(items: Any) -> list[Any]:
        return chance.sample(list(items), len(items))

    indices = {name: dict(shuffled(values.items())) for name, values in shuffled(facts["indices"].items())}
    other = {name: shuffled(facts[name]) for name in ("sites", "deviations")} | {"indices": indices}
    if len({audit["reported_at"] for audit in facts["audits"]}) == len(facts["audits"]):
        other["audits"] = shuffled(facts["audits"])
    assert dumped(scored(facts | other, as_of)) == dumped(scored(facts, as_of))


@given(drawn.facts, drawn.as_of)
def test_a_country_counts_once(facts: dict[str, Any], as_of: datetime) -> None:
    twice = facts | {"sites": facts["sites"] * 2}
    assert dumped(scored(twice, as_of)) == dumped(scored(facts, as_of))


@given(drawn.facts, drawn.as_of)
def test_a_score_computed_again_from_its_inputs_as_stored_has_the_same_bytes(
    facts: dict[str, Any], as_of: datetime
) -> None:
    stored = orjson.loads(orjson.dumps(facts))
    with localcontext(prec=6, rounding=ROUND_UP):  # nothing around the function may enter
        again = scored(stored, as_of)
    assert dumped(again) == dumped(scored(facts, as_of))
    assert orjson.dumps(stored) == orjson.dumps(facts)  # and it leaves them as they were


@given(drawn.facts, st.lists(drawn.facts, min_size=1, max_size=2), drawn.as_of)
def test_cases_scored_together_come_out_as_each_alone(
    first: dict[str, Any], others: list[dict[str, Any]], as_of: datetime
) -> None:
    exposure = {name: first[name] for name in ("sites", "indices", "analysis")}  # what is worked out once
    facts = [first, *others, *(one | exposure for one in others), first]
    cases = [case(number, one) for number, one in enumerate(facts)]
    cases += [replace(each, exposed=cases[0].exposed) for each in cases[-1:]]  # as one of the first's
    together = [rescored.score for rescored in rescore(cases, RULES, as_of)]
    assert together == [scored(one, as_of) for one in [*facts, first]]


def test_other_processes_come_to_the_same_bytes() -> None:
    script = "import sys; from tests.suppliers.test_properties import golden_bytes as told; "
    script += "sys.stdout.buffer.write(told())"
    for seed in ("1", "2"):  # sets have another order there
        surroundings = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", script], env=surroundings, capture_output=True, check=True
        )
        assert run.stdout == golden_bytes()
