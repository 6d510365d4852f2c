"""What would a case's score be if: supposed cells, closed deviations, other rules; the smallest changes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid, NotFound
from chassis.ids import uuid7
from services.suppliers import schemas, usecases
from services.suppliers.domain import AREAS, BANDS, ROWS, CellChange, changed, parse_facts, score, ways_to
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
    assert (answer["now"].score, answer["then"].score) == (Decimal("48.0"), Decimal("47.4"))
    assert answer["then"].areas["workers_rights"].residual == Decimal("55.42")
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
    assert (answer["now"].score, answer["then"].score) == (Decimal("77.4"), Decimal("72.3"))
    with pytest.raises(Invalid) as refused:
        asked(tx, supplier_id, closed_deviations=[str(deviation_id), str(uuid7())])
    assert list(refused.value.faults) == ["/closed_deviations/1"]


def test_another_rule_set_can_be_supposed(tx: Transaction) -> None:
    supplier_id = registered(tx)
    usecases.rule_sets.add_rule_set(tx, "2027-supposed", stricter(), OFFICE, NOW)
    answer = asked(tx, supplier_id, rule_set="2027-supposed")
    assert (answer["now"].score, answer["then"].score) == (Decimal("72.3"), Decimal("85.0"))
    with pytest.raises(Invalid):
        asked(tx, supplier_id, rule_set="2027-nobody")


def test_a_region_asks_about_its_own_cases_only(tx: Transaction) -> None:
    supplier_id = registered(tx)
    body = loaded(schemas.whatif.WhatIf, {"category_id": "handskar"})
    assert usecases.whatif.suppose(tx, supplier_id, body, caller("region", region="01"), LATER)["now"].score
    with pytest.raises(NotFound):
        usecases.whatif.suppose(tx, supplier_id, body, caller("region", region="20"), LATER)


def test_closing_the_one_deviation_that_lifts_it_is_the_smallest_way_back() -> None:
    facts = parse_facts(inputs(deviations=[deviation("environment", severe=True)]))
    before = score(facts, RULES, THEN)
    [way, *_] = ways_to(facts, "high", RULES, THEN)
    assert (before.score, way.deviation, way.score) == (Decimal("77.4"), 0, Decimal("72.3"))


def test_where_no_single_change_suffices_there_is_no_way() -> None:
    assert ways_to(parse_facts(JUDGED), "very_low", RULES, THEN) == []


@given(st.sampled_from(BANDS), st.integers(0, 100), st.booleans())
def test_every_way_leads_there_and_a_point_less_does_not(band: str, claimed: int, severe: bool) -> None:
    known = [deviation("environment", severe=severe), deviation("human_rights")]
    facts = parse_facts(inputs(judgement=judgement(str(claimed)), deviations=known))
    goal = BANDS.index(band)
    for way in ways_to(facts, band, RULES, THEN):
        assert BANDS.index(way.band) <= goal
        if way.cell is None:
            continue
        supposed = changed(facts, [way.cell], frozenset(), RULES, THEN)
        assert score(supposed, RULES, THEN).score == way.score
        if way.cell.score > claimed:
            less = CellChange(way.cell.row, way.cell.area, way.cell.score - 1)
            short = score(changed(facts, [less], frozenset(), RULES, THEN), RULES, THEN)
            assert BANDS.index(short.band) > BANDS.index(way.band)


@given(st.sampled_from(ROWS), st.sampled_from(AREAS), st.integers(0, 100))
def test_a_supposed_cell_is_the_one_that_counts(row: str, area: str, points: int) -> None:
    supposed = changed(
        parse_facts(JUDGED), [CellChange(row, area, Decimal(points))], frozenset(), RULES, THEN
    )
    cells = score(supposed, RULES, THEN).cells
    assert cells is not None
    cell = cells[ROWS.index(row)][AREAS.index(area)]
    assert cell is not None
    assert (cell.score, cell.stage) == (points, "reviewed")
