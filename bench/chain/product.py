"""The product's own services: their tables filled with fictive suppliers of a high risk."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from bench.chain import feed
from bench.suppliers import stage as filled
from chassis import clock, migrate, sql
from chassis.db import connect
from services.suppliers import usecases
from tests.callers import WHATEVER
from tests.e2e import scene

if TYPE_CHECKING:
    from collections.abc import Mapping

queries: Any = sql.load(__file__)

# The chain ends with the notice of an audit; who hears of assessments and bands beside it is not measured.
_NOT_MEASURED = (
    ("notifications.assessments", "assessments.events", "assessment_completed"),
    ("notifications.risk", "suppliers.events", "supplier_risk_rescored"),
)
# The countries of a case's goods repeat after so many
_KINDS = 8
# Who hears of an audit: contact, region, office, auditor
AUDIENCE = 4


def fill(urls: Mapping[str, Mapping[str, str]], cases: int) -> None:
    """Give each service what it knows of so many cases; each has a first score."""
    for service, its in urls.items():
        migrate.migrate(its["DATABASE_URL"], service)
    dsn = urls["suppliers"]["DATABASE_URL"]
    with closing(connect(dsn)) as conn, conn:
        queries.take_time(conn)
        queries.add_suppliers(conn, cases=cases)
        for index, (year, values) in scene.newest_values().items():
            usecases.countries.import_country_index(conn, (index, year), values, WHATEVER, clock.now())
        usecases.waves.begin_decay(conn, clock.now())
        queries.end_waves(conn)
        queries.forget_events(conn)
    filled.tidy(dsn)
    filled.score(dsn, feed.keys_of(min(cases, _KINDS), min(cases, _KINDS)))
    with closing(connect(dsn)) as conn, conn:
        queries.take_time(conn)
        queries.copy_scores(conn, cases=cases)
    filled.tidy(dsn)
    for service in ("audits", "notifications"):
        with closing(connect(urls[service]["DATABASE_URL"])) as conn, conn:
            queries.take_time(conn)
            getattr(queries, f"tell_{service}")(conn, cases=cases)
        filled.tidy(urls[service]["DATABASE_URL"])


def unbind(channel: Any) -> None:
    """Let what is not measured go nowhere."""
    for queue, exchange, event_type in _NOT_MEASURED:
        channel.queue_unbind(queue, exchange, event_type)
