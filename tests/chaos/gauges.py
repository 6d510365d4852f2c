"""Gauges on /metrics against the databases that they are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from tests.backbone import wait_until
from tests.chaos.row import Row

if TYPE_CHECKING:
    from tests.chaos.books import Books
    from tests.chaos.stage import Replicas
    from tests.harness import Platform

_CACHE_SECONDS = 15
_BACKBONE = {
    ("outbox_pending", ""): "SELECT '', count(*) FROM outbox",
    ("failed_events", "state"): "SELECT state, count(*) FROM failed_event GROUP BY state",
}
_BUSINESS = {
    "suppliers": {
        ("suppliers_by_band", "band"): "SELECT band, count(*) FROM (SELECT DISTINCT ON (s.supplier_id) s.band"
        " FROM risk_score AS s JOIN risk_case USING (score_id)"
        " JOIN supplier AS p ON p.supplier_id = s.supplier_id AND p.status <> 'archived'"
        " ORDER BY s.supplier_id, s.score DESC NULLS LAST) AS worst GROUP BY band",
    },
    "assessments": {("assessments", "state"): "SELECT state, count(*) FROM assessment GROUP BY state"},
    "audits": {("audits", "state"): "SELECT state, count(*) FROM audit GROUP BY state"},
    "notifications": {
        ("mail", "state"): "SELECT state, count(*) FROM notice GROUP BY state",
        ("notices_held", ""): "SELECT '', count(*) FROM occasion WHERE NOT settled",
    },
}

Values = dict[tuple[str, str], float]


def rows(replicas: Replicas, books: Books) -> list[Row]:
    """Compare every replica's gauges, once what it had cached is too old."""
    row = Row("gauges equal the databases", "gauges")
    for service, business in _BUSINESS.items():
        queries = _BACKBONE | business
        stored = _stored(books, service, queries)
        for number, replica in enumerate(replicas.sets):
            if different := _different(replica, service, queries, stored):
                row.broken += [f"{service} {number}: {text}" for text in different]
    return [row]


def _stored(books: Books, service: str, queries: dict[tuple[str, str], str]) -> Values:
    return {
        (name, label): float(count)
        for (name, _), query in queries.items()
        for label, count in books.mapping(service, query).items()
        if count
    }


def _different(
    replica: Platform, service: str, queries: dict[tuple[str, str], str], stored: Values
) -> list[str]:
    shown: Values = {}

    def equal() -> bool:
        shown.clear()
        shown.update(_shown(replica, service, queries))
        return shown == stored

    try:
        wait_until(equal, _CACHE_SECONDS + 5)
    except AssertionError:
        return [f"{sorted(shown.items())} on /metrics, {sorted(stored.items())} stored"]
    return []


def _shown(replica: Platform, service: str, queries: dict[tuple[str, str], str]) -> Values:
    labels = dict(queries.keys())
    return {
        (sample.name, sample.labels.get(labels[sample.name], "")): sample.value
        for family in text_string_to_metric_families(replica.ops(service, "/metrics").text)
        for sample in family.samples
        if sample.name in labels and sample.value
    }
