"""Facts and moments as hypothesis draws them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from services.suppliers.domain import AREAS
from tests.suppliers.builders import CHINA, QA, analysed, deviation, inputs, judgement

COUNTRIES = ("AA", "BB", "CC", "DD")

cells = st.none() | st.decimals(0, 100, places=2).map(str)
grids = st.lists(st.lists(cells, min_size=4, max_size=4), min_size=7, max_size=7)
days = st.dates(date(2025, 1, 1), date(2029, 1, 1))
as_of = st.datetimes(datetime(2025, 6, 1), datetime(2028, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
analyses = st.none() | st.builds(analysed, st.integers(1, 5), st.integers(1, 5), days.map(str))


def _between(since: date, length: int) -> tuple[str, str]:
    first = datetime.combine(since, time(7, 30), UTC)
    return first.isoformat(), (first + timedelta(days=length)).isoformat()


times = st.builds(_between, days, st.integers(0, 1200))


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
    st.integers(0, 4),
    st.sampled_from((*COUNTRIES, "ZZ")),
)
hundreds = st.decimals(0, 100, places=4).map(str)
published = st.fixed_dictionaries(
    {}, optional={name: st.integers(1, 6).map(str) if name == "ITUC_GRI" else hundreds for name in CHINA}
)
values = st.dictionaries(st.sampled_from(COUNTRIES), st.sampled_from([CHINA, QA]) | published)
facts = st.builds(
    inputs,
    values,
    sites=st.lists(sites, max_size=6),
    analysis=st.lists(analyses, min_size=4, max_size=4),
    judgement=judgements,
    audits=st.lists(audits, max_size=2),
    deviations=st.lists(deviations, max_size=4),
)
