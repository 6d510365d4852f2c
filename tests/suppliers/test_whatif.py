"""What would a case's score be if: supposed cells, closed deviations, other rules; the smallest changes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid, NotFound
from chassis.ids import uuid7
from services.suppliers import schemas, usecases
from services.suppliers.domain import (
    AREAS,
    BANDS,
    ROWS,
    CellChange,
    cells,
    changed,
    parse_facts,
    score,
    ways_to,
)
from services.suppliers.events import DeviationRaised
from tests.callers import OFFICE, caller
from tests.suppliers.bodies import NOW, loaded
from tests.suppliers.builders import NOW as THEN
from tests.suppliers.builders import RULES, deviation, inputs, judgement
from tests.suppliers.steps import LATER, assess, history, registered
from tests.suppliers.test_findings import deviation as raised
from tests.suppliers.test_waves import stricter

if TYPE_CHECKING:
    from chassis.db import Transaction
    from services.suppliers.domain.facts import Facts

# judged 80: residuals 45.826458 56.44 29.382 26.892: 48.0, medium; limit 40
JUDGED = inputs(judgement=judgement("100", "80"))


def asked(tx: Transaction, supplier_id: UUID, **given: Any) -> dict[str, Any]:
    body = loaded(schemas.whatif.WhatIf, {"category_id": "handskar", **given})
    return usecases.whatif.suppose(tx, supplier_id, body, OFFICE, LATER)


def test_a_better_cell_lowers_the_score_by_its_share_of_the_column(tx: Transaction, received: Any) -> None:
    # workers: six cells 80 and one 100, all reviewed: 0.7 * 580/700 = 0.58; 85 * (1 - 0.348) = 55.42
    # 27.71 + (45.826458 + 55.42 + 29.382 + 26.892)/8 = 47.400…
    supplier_id = registered(tx)
    usecases.scoring.rescore_after_assessment(tx, [assess(supplier_id, received)], LATER)
    cell = {"row": "PR3", "area": "workers_rights", "score": 100}
    answer = asked(tx, supplier_id, cells=[cell])
    assert (answer["now"]["score"], answer["then"]["score"]) == (Decimal("48.0"), Decimal("47.4"))
    assert answer["then"]["areas"]["workers_rights"].residual == Decimal("55.42")
    assert answer["ways"] is None


def test_a_supposition_writes_nothing(tx: Transaction) -> None:
    supplier_id = registered(tx)
    before = history(tx, supplier_id)["items"]
    asked(tx, supplier_id, cells=[{"row": "PR1", "area": "environment", "score": 100}], reach="low")
    assert history(tx, supplier_id)["items"] == before


def test_a_closed_deviation_is_out_of_the_sum_and_one_that_there_is_not_is_named(
    tx: Transaction, received: Any
) -> None:
    supplier_id, deviation_id = registered(tx), uuid7()
    event = raised(received, DeviationRaised, supplier_id, deviation_id, 1, severe=True)
    usecases.scoring.rescore_after_findings(tx, [event], LATER)
    answer = asked(tx, supplier_id, closed_deviations=[str(deviation_id)])
    assert (answer["now"]["score"], answer["then"]["score"]) == (Decimal("77.4"), Decimal("72.3"))
    with pytest.raises(Invalid) as refused:
        asked(tx, supplier_id, closed_deviations=[str(deviation_id), str(uuid7())])
    assert list(refused.value.faults) == ["/closed_deviations/1"]


def test_another_rule_set_can_be_supposed(tx: Transaction) -> None:
    supplier_id = registered(tx)
    usecases.rule_sets.add_rule_set(tx, "2027-supposed", stricter(), OFFICE, NOW)
    answer = asked(tx, supplier_id, rule_set="2027-supposed")
    assert (answer["now"]["score"], answer["then"]["score"]) == (Decimal("72.3"), Decimal("85.0"))
    with pytest.raises(Invalid):
        asked(tx, supplier_id, rule_set="2027-nobody")


def test_a_region_asks_about_its_own_cases_only(tx: Transaction) -> None:
    supplier_id = registered(tx)
    body = loaded(schemas.whatif.WhatIf, {"category_id": "handskar"})
    assert usecases.whatif.suppose(tx, supplier_id, body, caller("region", region="01"), LATER)["now"][
        "score"
    ]
    with pytest.raises(NotFound):
        usecases.whatif.suppose(tx, supplier_id, body, caller("region", region="20"), LATER)


def test_closing_the_one_deviation_that_lifts_it_is_the_smallest_way_back() -> None:
    facts = parse_facts(inputs(deviations=[deviation(severe=True)]))
    before = score(facts, RULES, THEN)
    [way, *_] = ways_to(facts, "high", RULES, THEN)
    assert (before.score, way.deviation, way.score) == (Decimal("85.0"), 0, Decimal("72.3"))


def test_where_no_single_change_suffices_there_is_no_way() -> None:
    assert ways_to(parse_facts(JUDGED), "very_low", RULES, THEN) == []


def outside(facts: Facts, cell: CellChange, band: str) -> bool:
    found = score(changed(facts, [cell], frozenset(), RULES, THEN), RULES, THEN)
    return found.band == "no_data" or BANDS.index(found.band) > BANDS.index(band)


@given(
    st.sampled_from(BANDS),
    st.decimals(0, 100, places=1),
    st.none() | st.decimals(0, 100, places=1),
    st.booleans(),
    st.booleans(),
)
def test_every_way_leads_there_and_a_point_less_does_not(
    band: str, claimed: Decimal, judged: Decimal | None, severe: bool, expired: bool
) -> None:
    known = [deviation("environment", severe=severe), deviation("human_rights")]
    until = {"valid_until": "2025-12-31T08:00:00+00:00"} if expired else {}
    found = judgement(str(claimed), judged and str(judged), **until)
    facts = parse_facts(inputs(judgement=found, deviations=known))
    counts = 0 if expired else judged if judged is not None else claimed
    ways = ways_to(facts, band, RULES, THEN)
    assert ways == [] or outside(facts, CellChange("PR1", "environment", Decimal(int(counts))), band)
    steps = [way.cell.score - counts for way in ways if way.cell]
    assert steps == sorted(steps)
    for way in ways:
        assert BANDS.index(way.band) <= BANDS.index(band)
        if way.cell is None:
            continue
        supposed = changed(facts, [way.cell], frozenset(), RULES, THEN)
        assert score(supposed, RULES, THEN).score == way.score
        assert way.cell.score > counts or (expired and way.cell.score == 0)
        assert way.cell.score == 0 or outside(facts, replace(way.cell, score=way.cell.score - 1), band)


@pytest.mark.parametrize("band", ["medium", "high"])
def test_a_case_that_is_there_already_has_nothing_to_do(band: str) -> None:
    assert ways_to(parse_facts(JUDGED), band, RULES, THEN) == []


def test_the_least_change_leads_to_the_band_asked_for_and_not_to_the_best_within_reach() -> None:
    # one cell is known: workers' rights 85 * (1 - 0.6 * 0.7 * x), the next is 69.01575: from 72.3 to 60.2
    narrow = tuple(zip(BANDS, map(Decimal, ("50", "64", "70", "80", "Infinity")), strict=True))
    rules = replace(RULES, bands=narrow)
    known = [[None, "0" if row == 0 else None, None, None] for row in range(7)]
    facts = parse_facts(inputs(judgement=judgement(None, "0") | {"judged": known}))
    by_cell = [
        {(way.cell.row, way.cell.area): way for way in ways_to(facts, band, rules, THEN) if way.cell}
        for band in ("medium", "low")
    ]
    medium, low = (ways["PR1", "workers_rights"] for ways in by_cell)
    assert medium.cell
    assert low.cell
    assert (medium.band, low.band) == ("medium", "low")
    assert medium.cell.score < low.cell.score


def test_what_has_expired_is_superseded_by_a_review_of_today() -> None:
    # nothing counts: 72.3; workers' rights, one of seven cells reviewed at 100: 0.7/7 = 0.1: 85 * 0.94 = 79.9
    # 39.95 + (69.01575 + 79.9 + 44.25 + 40.5)/8 = 69.158…
    old = inputs(judgement=judgement("100", "80", valid_until="2025-12-31T08:00:00+00:00"))
    facts, cell = parse_facts(old), CellChange("PR1", "workers_rights", Decimal(100))
    found = score(changed(facts, [cell], frozenset(), RULES, THEN), RULES, THEN)
    assert (score(facts, RULES, THEN).score, found.score) == (Decimal("72.3"), Decimal("69.2"))
    now = cells(changed(facts, [cell], frozenset(), RULES, THEN), RULES, THEN)
    counting = [each for row in now or () for each in row if each and each.confidence]
    assert [(each.stage, each.score) for each in counting] == [("reviewed", Decimal(100))]


def test_an_answer_says_whether_the_case_is_there_already(tx: Transaction) -> None:
    supplier_id = registered(tx)
    there, not_yet = (asked(tx, supplier_id, reach=band) for band in ("high", "low"))
    assert (there["reached"], there["ways"]) == (True, [])
    assert (not_yet["reached"], asked(tx, supplier_id)["reached"]) == (False, None)


@given(st.sampled_from(ROWS), st.sampled_from(AREAS), st.integers(0, 100))
def test_a_supposed_cell_is_the_one_that_counts(row: str, area: str, points: int) -> None:
    supposed = changed(
        parse_facts(JUDGED), [CellChange(row, area, Decimal(points))], frozenset(), RULES, THEN
    )
    now = cells(supposed, RULES, THEN)
    assert now is not None
    cell = now[ROWS.index(row)][AREAS.index(area)]
    assert cell is not None
    assert (cell.score, cell.stage) == (points, "reviewed")
