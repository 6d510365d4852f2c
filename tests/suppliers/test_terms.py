"""The terms of a score as they are written, and the ids that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given

from chassis import sql
from services.suppliers.repository import terms
from tests.suppliers import drawn
from tests.suppliers.builders import NO_ANALYSIS, NOW, audit, inputs, judgement, scored

if TYPE_CHECKING:
    from datetime import datetime

    from services.suppliers.domain import Score


def written(result: Score) -> tuple[str, str]:
    return terms.areas(result.areas), terms.cells(result.bare_cells)


def by_the_library(result: Score) -> tuple[str, str]:
    return sql.document(result.areas), sql.document(result.cells)


@given(drawn.facts, drawn.as_of)
def test_terms_are_written_as_the_library_would_write_them(facts: dict[str, Any], as_of: datetime) -> None:
    result = scored(facts, as_of)
    assert written(result) == by_the_library(result)


def test_expired_evidence_of_two_stages_keeps_them_apart() -> None:
    # both are worth the same zero
    one, other = (
        judgement(None, "50", valid_until="2026-01-01T08:00:00+00:00"),
        audit("10", "2020-01-01", "2023-01-01"),
    )
    other["audited"][0] = [None] * 4
    result = scored(inputs(judgement=one, audits=[other]), NOW.replace(year=2027))
    assert {cell.stage for row in result.cells or () for cell in row if cell} == {"audited", "reviewed"}
    assert written(result) == by_the_library(result)


def test_what_nobody_knows_is_null() -> None:
    result = scored(inputs(countries={}, analysis=NO_ANALYSIS))
    assert (terms.cells(result.bare_cells), '"country":null' in terms.areas(result.areas)) == ("null", True)
