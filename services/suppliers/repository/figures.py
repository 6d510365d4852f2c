"""What is counted: for the gauges, and for this service's part of an annual report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis import sql

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chassis.db import Transaction
    from services.suppliers.domain.figures import Span

queries: Any = sql.load(__file__)


def counted(tx: Transaction, span: Span) -> dict[str, int]:
    """Return what is told as single numbers, by name."""
    row = queries.counts(tx, year=span.year, since=span.since, until=span.until, last_day=span.last_day)
    return {name: int(value) for name, value in row._asdict().items()}


def suppliers_by_band(tx: Transaction, past: Span | None = None) -> dict[str, int]:
    """Return how many suppliers have their worst category in each band: now, or had at a span's end."""
    rows = queries.suppliers_then(tx, **_end(past)) if past else queries.suppliers_now(tx)
    return {row.band: row.suppliers for row in rows}


def cases_by_band(tx: Transaction, past: Span | None = None) -> dict[str, dict[str, int]]:
    """Return category -> band -> cases: now, or at a span's end."""
    rows = queries.cases_then(tx, **_end(past)) if past else queries.cases_now(tx)
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.category_id, {})[row.band] = row.cases
    return found


def _end(span: Span) -> dict[str, Any]:
    return {"until": span.until, "last_day": span.last_day}


def categories(tx: Transaction, year: int) -> list[Any]:
    """Return (category_id, names, prioritised) of every category, by id."""
    return list(queries.categories_named(tx, year=year))


def published(tx: Transaction, year: int) -> dict[str, Any] | None:
    """Return a year's figures as they were published, with when and by whom."""
    row = queries.published(tx, year=year)
    return row._asdict() if row else None


def publish(tx: Transaction, year: int, figures: Mapping[str, Any], by: str, now: datetime) -> bool:
    """Keep a year's figures for ever; tell whether nobody has before."""
    kept = queries.publish(
        tx,
        year=year,
        figures=sql.document(figures),
        as_of=figures["as_of"],
        published_at=now,
        published_by=by,
    )
    return bool(kept)


def analyses_made(tx: Transaction, span: Span) -> list[Any]:
    """Return (category_id, names, analysis) of categories whose analysis was made or changed in a span."""
    return list(queries.analyses_made(tx, since=span.since, until=span.until))
