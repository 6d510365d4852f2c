"""Facts and moments as hypothesis draws them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from services.suppliers.domain import AREAS
from tests.suppliers.builders import CHINA, QA, analysed, deviation, grid, inputs, judgement

# Few countries, and days close together: what depends on a repetition or a limit must happen often
COUNTRIES = ("AA", "BB", "CC")

hundredths = st.integers(0, 10_000).map(lambda number: str(Decimal(number).scaleb(-2)))
cells = st.none() | hundredths
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
as_of = st.datetimes(datetime(2026, 4, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
analyses = st.none() | st.builds(analysed, st.integers(1, 5), st.integers(1, 5), days.map(str))


def _grid(all_over: str | None, others: list[tuple[int, int, str | None]]) -> list[list[str | None]]:
    rows = grid(all_over)
    for row, column, cell in others:
        rows[row][column] = cell
    return rows


# One value everywhere, with exceptions: 28 values of their own would take most of the time
grids = st.builds(_grid, cells, st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), cells), max_size=8))


def _between(since: date, length: int) -> tuple[str, str]:
    first = datetime.combine(since, time(7, 30), UTC)
    return first.isoformat(), (first + timedelta(days=length)).isoformat()


times = st.builds(_between, days, st.integers(0, 200))


def _judged(claimed: Any, judged: Any, valid: tuple[str, str]) -> dict[str, Any]:
    stage = "self_declared" if judged is None else "reviewed"
    grown = {"claimed": claimed, "judged": judged, "stage": stage}
    return judgement(None) | grown | {"completed_at": valid[0], "valid_until": valid[1]}


judgements = st.none() | st.builds(_judged, grids, st.none() | grids, times)
audits = st.builds(
    lambda audited, valid: {"audited": audited, "reported_at": valid[0], "valid_until": valid[1]},
    grids,
    times,
)
deviations = st.builds(
    lambda areas, severe, overdue: deviation(*sorted(areas), severe=severe, overdue=overdue),
    st.sets(st.sampled_from(AREAS)),
    st.booleans(),
    st.booleans(),
)
sites = st.builds(
    lambda tier, country: {"tier": tier, "country": country},
    st.integers(0, 2),
    st.sampled_from((*COUNTRIES, "ZZ")),
)
ratings = st.integers(1, 6).map(str)
published = st.fixed_dictionaries(
    {}, optional={name: ratings if name == "ITUC_GRI" else hundredths for name in CHINA}
)
values = st.fixed_dictionaries({country: st.sampled_from([CHINA, QA]) | published for country in COUNTRIES})
facts = st.builds(
    inputs,
    values,
    sites=st.lists(sites, max_size=6),
    analysis=st.lists(analyses, min_size=4, max_size=4),
    judgement=judgements,
    audits=st.lists(audits, max_size=2),
    deviations=st.lists(deviations, max_size=4),
)
