"""This service's part of the annual report, live until the office publishes it; and the gauges."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chassis import trail
from chassis.errors import Conflict, NotFound, found
from chassis.metrics import Gauge
from services.suppliers import domain, repository, rulebook, schemas, views
from services.suppliers.domain import figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chassis.access import Identity
    from chassis.db import Transaction
    from services.suppliers.domain.figures import Span


def get_figures(tx: Transaction, year: int, actor: Identity, now: datetime) -> dict[str, Any]:
    """Return a year's figures as they were published, else as they are. Raises NotFound for a coming year.

    The bands of few cases would tell others' scores: only the office sees them.
    """
    known = repository.figures.published(tx, year)
    if known:
        return _published(known)
    live = _live(tx, _begun(year, now))
    return live if actor.view == views.INTERNAL else _publishable(live)


def get_published(tx: Transaction, year: int) -> dict[str, Any]:
    """Return a year's published figures, for anybody."""
    return _published(found(repository.figures.published(tx, year), "published year"))


def publish_figures(tx: Transaction, year: int, actor: Identity, now: datetime) -> dict[str, Any]:
    """Keep a year's figures as they are, for ever. Raises Conflict where they are kept, or may yet change."""
    span = _begun(year, now)
    if not span.over:
        raise Conflict("The year is not over.")
    kept = _publishable(_live(tx, span))
    if not repository.figures.publish(tx, year, kept, actor.subject, now):
        raise Conflict("They are published already, and stay as they are.")
    after = get_figures(tx, year, actor, now)
    trail.wrote(tx, "figures", str(year), None, after, schema=schemas.figures.FiguresView, action="published")
    return after


def _publishable(live: Mapping[str, Any]) -> dict[str, Any]:
    return figures.publishable(live, rulebook.figure_rules()["least_cases"])


def _begun(year: int, now: datetime) -> Span:
    span = figures.span_of(year, now)
    if span is None:
        raise NotFound("The year has not begun.")
    return span


def _published(kept: dict[str, Any]) -> dict[str, Any]:
    """Return what was stored; moments stand as texts inside JSON."""
    names = ("as_of", "published_at", "published_by")
    return {**kept["figures"], **{name: kept[name] for name in names}, "state": "published"}


def _live(tx: Transaction, span: Span) -> dict[str, Any]:
    past = span if span.over else None  # what is now need not be found among what was
    made = repository.figures.analyses_made(tx, span)
    single = {**repository.figures.counted(tx, span), "risk_analyses": len(made)}
    labelled = [
        {"id": each["id"], "value": single[each["id"]], "label_sv": each["sv"], "label_en": each["en"]}
        for each in rulebook.figure_rules()["figure"]
    ]
    return {
        "year": span.year,
        "state": "live",
        "as_of": span.until,
        "published_at": None,
        "published_by": None,
        "figures": labelled,
        "suppliers_by_band": figures.with_all_bands(repository.figures.suppliers_by_band(tx, past)),
        "categories": _categories(tx, span.year, past),
        "risk_analyses": [
            {"category_id": row.category_id, "names": row.names, "areas": _analysed(row.analysis)}
            for row in made
        ],
    }


def _categories(tx: Transaction, year: int, past: Span | None) -> list[dict[str, Any]]:
    """Return the categories that have cases or priority: now, or at a past year's end."""
    cases = repository.figures.cases_by_band(tx, past)
    return [
        {
            "category_id": row.category_id,
            "names": row.names,
            "prioritised": row.prioritised,
            "cases": sum(cases.get(row.category_id, {}).values()),
            "by_band": figures.with_all_bands(cases.get(row.category_id, {})),
        }
        for row in repository.figures.categories(tx, year)
        if row.prioritised or row.category_id in cases
    ]


def _analysed(analysis: list[Any]) -> list[str]:
    return [area for area, entry in zip(domain.AREAS, analysis, strict=True) if entry]


def gauges(tx: Transaction) -> list[Gauge]:
    """Return how many cases are in each band of each category; no_data: without a score."""
    rows = [
        (category, band, cases)
        for category, by_band in repository.figures.cases_by_band(tx).items()
        for band, cases in by_band.items()
    ]
    shown = figures.gauged(rows, rulebook.figure_rules()["gauges"]["most_categories"])
    text = "Cases by category and band"
    return [
        Gauge("risk_cases", text, {"category": category, "band": band}, cases)
        for (category, band), cases in shown.items()
    ]
