"""A year's figures: the span that they are of, and what of them is published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from services.suppliers.domain.score import BANDS, NO_DATA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STOCKHOLM = ZoneInfo("Europe/Stockholm")
OTHER = "other"  # the label of all categories beyond those that a gauge has room for


@dataclass(frozen=True, slots=True)
class Span:
    """A year in Sweden as far as it has gone: from `since` (with it) to `until` (without it)."""

    year: int
    since: datetime
    until: datetime
    last_day: date
    over: bool


def span_of(year: int, now: datetime) -> Span | None:
    """Return the span of a year; None: it has not begun."""
    since, end = _new_year(year), _new_year(year + 1)
    if now < since:
        return None
    until = min(now, end)
    last = (until.astimezone(_STOCKHOLM) - timedelta(microseconds=1)).date()
    return Span(year, since, until, last, over=now >= end)


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=_STOCKHOLM).astimezone(UTC)


def with_all_bands(counts: Mapping[str, int]) -> dict[str, int]:
    """Return a number for every band, and for no_data."""
    return {band: counts.get(band, 0) for band in (*BANDS, NO_DATA)}


def publishable(figures: Mapping[str, Any], least_cases: int) -> dict[str, Any]:
    """Return figures as anybody may read them: bands of few would tell scores, and are left out (None).

    Most suppliers have one case. So what the categories that stand leave of `suppliers_by_band` are the bands
    of those that do not: of these there are two at least, with so many scores together, or the sum is left
    out too.
    """
    hidden = _hidden(figures["categories"], least_cases)
    categories = [
        each | {"by_band": None} if at in hidden else each for at, each in enumerate(figures["categories"])
    ]
    suppliers = figures["suppliers_by_band"]
    shown = suppliers if _scored(suppliers) >= least_cases else None
    return {**figures, "suppliers_by_band": shown, "categories": categories}


def _hidden(categories: Sequence[Mapping[str, Any]], least_cases: int) -> set[int]:
    """Return which categories' bands are left out: of few cases or scores, and what these hide behind."""
    scores = [_scored(each["by_band"]) for each in categories]
    few = {
        at
        for at, (each, scored) in enumerate(zip(categories, scores, strict=True))
        if each["cases"] < least_cases or 0 < scored < least_cases
    }
    secret = [scores[at] for at in few if scores[at]]
    for at in sorted(range(len(scores)), key=lambda at: scores[at]):
        if not secret or (len(secret) > 1 and sum(secret) >= least_cases):
            break
        if at not in few and scores[at]:
            few.add(at)
            secret.append(scores[at])
    return few


def _scored(by_band: Mapping[str, int]) -> int:
    return sum(count for band, count in by_band.items() if band != NO_DATA)


def gauged(rows: Sequence[tuple[str, str, int]], most: int) -> dict[tuple[str, str], int]:
    """Return (category, band) -> cases of the categories with the most cases, at most so many; then OTHER."""
    totals: dict[str, int] = {}
    for category, _, cases in rows:
        totals[category] = totals.get(category, 0) + cases
    named = set(sorted(totals, key=lambda category: (-totals[category], category))[:most])
    labels = [*sorted(named), *([OTHER] if len(totals) > most else [])]
    shown = {(label, band): 0 for label in labels for band in (*BANDS, NO_DATA)}
    for category, band, cases in rows:
        shown[category if category in named else OTHER, band] += cases
    return shown
