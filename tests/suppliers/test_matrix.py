"""What claims, judgements and audits take off the inherent risk, cell by cell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.suppliers.domain import Cell
from tests.suppliers.builders import NO_ANALYSIS, NOW, audit, day, grid, inputs, judgement, scored, shown


def mitigation(facts: dict[str, Any], as_of: datetime = NOW) -> list[Decimal]:
    return [area.mitigation for area in scored(facts, as_of).areas.values()]


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (NOW - timedelta(days=3), "0.4"),  # a clock ahead of ours
        (day(0), "0.4"),
        (
            datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC),
            "0.3994520547945205479452",
        ),  # the next UTC day: 0.4 * 729/730
        (day(73), "0.36"),  # a fifth of the validity: 0.4 * (1 - 0.5*73/365)
        (day(365), "0.2"),
        (day(366), "0"),
    ],
)
def test_confidence_falls_linearly_to_half_by_whole_utc_days(as_of: datetime, expected: str) -> None:
    claims = judgement("100")
    claims["claimed"][1:] = grid(None)[1:]
    found = [value.quantize(Decimal("1e-22")) for value in mitigation(inputs(judgement=claims), as_of)]
    assert found == [Decimal(expected)] * 4


def test_a_cell_takes_its_highest_unexpired_stage() -> None:
    facts = judgement("100", "50")
    facts["judged"][0] = [
        None
    ] * 4  # the reviewer found no evidence: the claim stands, with a claim's confidence
    found = audit(None)
    found["audited"][6] = ["20", None, None, None]
    # human rights: (0.4*1 + 5*0.7*0.5 + 1.0*0.2) / 7 = 2.35/7; the others: (0.4 + 6*0.35) / 7 = 2.5/7
    expected = ["0.3357142857142857142857142857"] + ["0.3571428571428571428571428571"] * 3
    assert mitigation(inputs(judgement=facts, audits=[found])) == [Decimal(text) for text in expected]


def test_a_validity_of_one_day_is_at_its_end_from_the_start() -> None:
    claims = judgement("100", valid_until="2026-01-01T23:00:00+00:00")
    assert mitigation(inputs(judgement=claims)) == [Decimal("0.2")] * 4


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({}, None),
        ({"judgement": judgement("50")}, "self_declared"),
        ({"judgement": judgement("50", "40")}, "reviewed"),
        ({"judgement": judgement("50", "40"), "audits": [audit("30")]}, "audited"),
        ({"audits": [audit("30")]}, None),  # a stage tells the audit policy that an assessment was completed
        (
            {"judgement": judgement("50"), "audits": [audit("30", "2022-01-01", "2025-01-01")]},
            "self_declared",
        ),
    ],
)
def test_an_assessed_case_is_known_by_its_best_unexpired_stage(
    changes: dict[str, Any], stage: str | None
) -> None:
    assert scored(inputs(**changes)).stage == stage


def test_an_expired_audit_gives_way_to_an_unexpired_claim() -> None:
    facts = inputs(judgement=judgement("50"), audits=[audit("90", "2022-01-01", "2025-01-01")])
    assert mitigation(facts) == [Decimal("0.2")] * 4


def test_an_expired_value_counts_with_no_confidence_where_there_is_no_other() -> None:
    claims = judgement("50")
    claims["claimed"][0] = [None] * 4
    facts = inputs(judgement=claims, audits=[audit("90", "2022-01-01", "2025-01-01")])
    # six cells of 0.4*0.5 and one of 0: 1.2/7
    assert mitigation(facts) == [Decimal("0.1714285714285714285714285714")] * 4


def test_a_cell_without_questions_is_left_out_of_the_mean() -> None:
    claims = judgement("100")
    claims["claimed"][1:] = grid(None)[1:]
    claims["claimed"][2] = [None, "0", None, None]
    assert mitigation(inputs(judgement=claims)) == [
        Decimal("0.4"),
        Decimal("0.2"),
        Decimal("0.4"),
        Decimal("0.4"),
    ]


def test_every_cell_says_what_counts_in_it_and_how_far_it_is_trusted() -> None:
    facts = judgement("100", "50")
    facts["judged"][0] = [None] * 4
    found = audit(None)
    found["audited"][6] = ["20", None, None, None]
    cells = shown(inputs(judgement=facts, audits=[found]))
    assert cells is not None
    reviewed = Cell("reviewed", Decimal("0.7"), Decimal(50))
    assert cells[0] == (Cell("self_declared", Decimal("0.4"), Decimal(100)),) * 4
    assert cells[1:6] == ((reviewed,) * 4,) * 5
    assert cells[6] == (Cell("audited", Decimal(1), Decimal(20)), *[reviewed] * 3)


def test_of_several_audits_the_newest_that_scored_a_cell_counts_there_and_an_older_one_elsewhere() -> None:
    older, newer = audit("40", "2025-06-01", "2028-06-01"), audit(None)
    newer["audited"][2] = [None, "90", None, None]
    for audits in ([older, newer], [newer, older]):
        cells = shown(inputs(audits=audits))
        assert cells is not None
        assert [cell and cell.score for cell in cells[2]] == [
            Decimal(40),
            Decimal(90),
            Decimal(40),
            Decimal(40),
        ]
    gap = scored(inputs(judgement=judgement("100"), audits=[older, newer])).claim_gap
    assert gap == 100 - (27 * Decimal(40) + 90) / 28


def test_no_answer_is_never_a_number() -> None:
    result = scored(inputs({}, analysis=NO_ANALYSIS, judgement=judgement(None)))
    assert (result.score, result.band, result.stage) == (None, "no_data", "self_declared")


def test_the_claim_gap_is_over_the_cells_that_both_have() -> None:
    claims, found = judgement("90"), audit(None)
    claims["claimed"][0] = [None, "70", "80", "90"]
    found["audited"][0] = ["10", "40", "50", None]
    # both: (70, 40) and (80, 50): 75 - 45
    assert scored(inputs(judgement=claims, audits=[found])).claim_gap == Decimal(30)


@pytest.mark.parametrize("changes", [{"judgement": judgement("90")}, {"audits": [audit("10")]}, {}])
def test_there_is_no_claim_gap_without_both_matrices(changes: dict[str, Any]) -> None:
    assert scored(inputs(**changes)).claim_gap is None
