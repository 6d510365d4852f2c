"""The cases of golden/cases.csv, worked out by hand, and the same formula written a second time."""

from __future__ import annotations

import csv
import io
import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from services.suppliers.domain import AREAS, Score
from tests.suppliers import drawn
from tests.suppliers.builders import scored
from tests.suppliers.golden import arithmetic, notation
from tests.suppliers.golden.notation import HERE, NotationError, read_cases

if TYPE_CHECKING:
    from datetime import datetime

    from tests.suppliers.golden.notation import Case

TEXT = (HERE / "cases.csv").read_text(encoding="utf-8")
README = (HERE / "README.md").read_text(encoding="utf-8")
CASES = {case.id: case for case in read_cases(TEXT)}
CLOSE = Fraction(1, 10**20)


def told(result: Score) -> dict[str, Any]:
    """Return the columns that a case expects."""
    areas = [result.areas[area] for area in AREAS]
    return {
        "country": [area.country for area in areas],
        "inherent": [area.inherent for area in areas],
        "partial": [name for name, area in zip(AREAS, areas, strict=True) if area.partial],
        "mitigation": [area.mitigation for area in areas],
        "residual": [area.residual for area in areas],
        "no_data": list(result.no_data_areas),
        "score": result.score,
        "band": result.band,
        "stage": result.stage,
        "claim_gap": result.claim_gap,
    }


def told_again(case: Case) -> dict[str, Any]:
    """Return the same columns by the second implementation."""
    terms = arithmetic.compute(case.facts, case.as_of)
    return {name: getattr(terms, name) for name in notation.EXPECTED}


@pytest.mark.parametrize("name", CASES)
def test_a_case_comes_out_as_worked_out_by_hand(name: str) -> None:
    case = CASES[name]
    assert told(scored(case.facts, case.as_of)) == case.expected


@pytest.mark.parametrize("name", CASES)
def test_the_second_arithmetic_agrees_with_the_hand(name: str) -> None:
    assert told_again(CASES[name]) == CASES[name].expected


def test_every_branch_of_the_formula_has_a_case_and_every_tag_a_meaning() -> None:
    listed = re.findall(r"^- `([a-z0-9-]+)`: ", README, re.MULTILINE)
    assert sorted({tag for case in CASES.values() for tag in case.branches}) == sorted(listed)


def test_there_are_enough_cases_and_no_two_have_the_same_id() -> None:
    assert len(read_cases(TEXT)) == len(CASES) >= 45


def test_the_sum_that_is_written_out_ends_at_the_score() -> None:
    for row in csv.DictReader(TEXT.splitlines()):
        if row["sum"] != "none":
            end = Decimal(row["sum"].rpartition("=")[2].strip())
            assert str(end.quantize(Decimal("0.1"), ROUND_HALF_UP)) == row["score"], row["id"]


def test_the_readme_explains_every_column() -> None:
    assert [name for name in notation.COLUMNS if f"`{name}`" not in README] == []


@given(drawn.facts, drawn.as_of)
def test_both_arithmetics_agree_on_any_facts(facts: dict[str, Any], as_of: datetime) -> None:
    ours, exact = scored(facts, as_of), arithmetic.compute(facts, as_of)
    areas = [ours.areas[area] for area in AREAS]
    for name in ("country", "inherent", "mitigation", "residual"):
        assert apart([getattr(area, name) for area in areas], getattr(exact, name)) <= CLOSE, name
    assert apart([ours.claim_gap], [exact.claim_gap]) <= CLOSE
    assert [name for name in AREAS if ours.areas[name].partial] == exact.partial
    assert (list(ours.no_data_areas), ours.stage) == (exact.no_data, exact.stage)
    if tie_by_a_hair(areas, exact):
        assert apart([ours.score], [exact.score]) <= Fraction(1, 10)
    else:
        assert (ours.score, ours.band) == (exact.score, exact.band)


def apart(found: list[Decimal | None], exact: list[Fraction | None]) -> Fraction:
    """Return the greatest distance; what one has and the other lacks is infinitely far."""
    assert [each is None for each in found] == [each is None for each in exact]
    return max(
        (abs(Fraction(a) - b) for a, b in zip(found, exact, strict=True) if a is not None and b is not None),
        default=Fraction(0),
    )


def tie_by_a_hair(areas: list[Any], exact: arithmetic.Terms) -> bool:
    """Return whether the score is an exact half made of endless fractions, which 28 digits may miss."""
    if exact.exact is None or (exact.exact * 10 + Fraction(1, 2)).denominator != 1:
        return False
    return [area.residual for area in areas] != exact.residual


FAULTS = [
    ("score,band", "score,grade", "The column 'grade' is not known. Known are: id, "),
    (",score,band", ",band", "These columns are missing: score."),
    (",0:XA,", ",0-XA,", "Case one-country, column sites: '0-XA' is not understood. Write a tier, a colon"),
    ("XA 60 | 4 | 50 | 40", "XA 60 | 4 | 50", "column values: .* There must be four parts"),
    ("XA 60 | 4 | 50 | 40", "XA 60 | 7 | 50 | 40", "column values: .* Known are: 1, 2, 3, 4, 5, 5"),
    ("XA 60 | 4 | 50 | 40", "XA 160 | 4 | 50 | 40", "160 must be from 0 to 100"),
    ("XA 60 | 4 | 50 | 40", "XA 1+2+3+4+5+6+7 | 4 | 50 | 40", "six ranks of WGI at most"),
    ("5x3 | 5x4", "5x6 | 5x4", "column analysis: .* Write likelihood x severity"),
    ("all=50", "PR8.environment=50", "column claimed: .* Known are: PR1, "),
    ("all=50", "PR1.air=50", "column claimed: .* Known are: human_rights, "),
    ("all=50", "PR1=50", "column claimed: .* Known are: human_rights, "),
    ("all=50", "all=50%", "'50%' must be a number such as 42"),
    ("environment overdue;", "environment late;", "column deviations: .* Known are: human_rights"),
    ("environment overdue;", "overdue;", "Name the deviation's areas, or write: no area."),
    (",2026-01-01,", ",31/12/2026,", "column .*: '31/12/2026' is not understood"),
    (",2026-01-01,", ",2026-01-01T08:00,", "A time needs its offset"),
    (",high,", ",High,", "column band: 'High' is not understood. Known are: very_low"),
    (",72.1,", ',"72,1",', "'72,1' must be a number"),
    (",72.1,", ",72.1,,", "has more or fewer cells than there are columns"),
    ("worked-example,", ",", "Case without id, column id: '' is not understood. It must not be empty."),
]


@pytest.mark.parametrize(("right", "wrong", "sentence"), FAULTS)
def test_what_is_written_wrongly_is_told_in_a_sentence(right: str, wrong: str, sentence: str) -> None:
    assert right in TEXT
    with pytest.raises(NotationError, match=sentence):
        read_cases(TEXT.replace(right, wrong, 1))


def test_a_spreadsheet_may_save_with_semicolons_and_a_byte_order_mark() -> None:
    saved = io.StringIO()
    csv.writer(saved, delimiter=";").writerows(csv.reader(TEXT.splitlines()))
    assert read_cases("\ufeff" + saved.getvalue()) == list(CASES.values())
