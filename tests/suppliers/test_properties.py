"""What must hold of a score for any facts."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal, localcontext
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.suppliers.domain import AREAS
from tests.suppliers.builders import CHINA, QA, analysed, deviation, inputs, judgement, scored

cells = st.none() | st.decimals(0, 100, places=2)
grids = st.lists(st.lists(cells, min_size=4, max_size=4), min_size=7, max_size=7)
days = st.dates(datetime(2025, 1, 1, tzinfo=UTC).date(), datetime(2029, 1, 1, tzinfo=UTC).date())
moments = days.map(lambda each: f"{each.isoformat()}T00:00:00+00:00")
analyses = st.none() | st.builds(analysed, st.integers(1, 5), st.integers(1, 5), days.map(str))
judgements = st.none() | st.builds(
    lambda **drawn: judgement(None) | drawn,
    claimed=grids,
    judged=st.none() | grids,
    completed_at=moments,
    valid_until=moments,
)
audits = st.none() | st.fixed_dictionaries({"audited": grids, "reported_at": moments, "valid_until": moments})
deviations = st.builds(
    lambda areas, severe, overdue: deviation(*sorted(areas), severe=severe, overdue=overdue),
    st.sets(st.sampled_from(AREAS)),
    st.booleans(),
    st.booleans(),
)
some_inputs = st.builds(
    inputs,
    st.dictionaries(st.sampled_from(["AA", "BB", "CC"]), st.sampled_from([CHINA, QA, {"EPI": "10.5"}, {}])),
    analysis=st.lists(analyses, min_size=4, max_size=4),
    judgement=judgements,
    audit=audits,
    deviations=st.lists(deviations, max_size=4),
)


@given(some_inputs)
def test_a_score_is_from_0_to_100_and_absent_only_without_data(facts: dict[str, Any]) -> None:
    result = scored(facts)
    assert (result.score is None) == (result.band == "no_data")
    assert result.score is None or 0 <= result.score <= 100
    if len(result.no_data_areas) < len(AREAS):
        assert result.score is not None


@given(some_inputs, st.integers(0, 6), st.integers(0, 3), st.sampled_from(["claimed", "judged", "audited"]))
def test_more_mitigation_never_raises_a_score(
    facts: dict[str, Any], row: int, column: int, which: str
) -> None:
    better = copy.deepcopy(facts)
    matrix = ((better["audit"] if which == "audited" else better["judgement"]) or {}).get(which)
    if matrix and matrix[row][column] is not None:
        matrix[row][column] = (Decimal(matrix[row][column]) + 100) / 2
    before, after = scored(facts).score, scored(better).score
    assert before == after or (before is not None and after is not None and after < before)


@given(some_inputs, deviations)
def test_a_deviation_never_lowers_a_score(facts: dict[str, Any], one: dict[str, Any]) -> None:
    before, after = scored(facts).score, scored(facts | {"deviations": [*facts["deviations"], one]}).score
    assert before is None or (after is not None and after >= before)


@given(some_inputs)
def test_a_score_can_be_computed_again_from_its_inputs_as_stored(facts: dict[str, Any]) -> None:
    stored = json.loads(json.dumps(facts, default=str))
    shuffled = stored | {"sites": stored["sites"][::-1]}
    with localcontext(prec=6, rounding=ROUND_UP):  # nothing around the function may enter
        again = scored(shuffled)
    assert again == scored(facts)
