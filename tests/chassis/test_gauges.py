"""Gauges that are read from the database: seldom, and those that take long more seldom."""

from __future__ import annotations

import time
from types import SimpleNamespace

from chassis import metrics
from chassis.metrics import DatabaseGauges, Gauge
from tests.backbone import wait_until


def test_what_takes_long_to_count_is_asked_less_often_than_the_rest(db, monkeypatch):
    asked = []

    def quick(tx):
        asked.append("quick")
        return [Gauge("quick_things", "Things", {}, len(asked))]

    def slow(tx):
        asked.append("slow")
        with tx.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        return [Gauge("slow_things", "Things", {}, len(asked))]

    now = time.monotonic()
    gauges = DatabaseGauges(db, [quick, slow], seconds=1)
    assert {family.name for family in gauges.collect()} == {"quick_things", "slow_things"}
    for later, expected in ((0.5, []), (2, ["quick"]), (2.5, []), (3.5, ["quick"]), (30, ["quick", "slow"])):
        asked.clear()
        monkeypatch.setattr(metrics, "time", SimpleNamespace(monotonic=lambda at=now + later: at))
        assert {family.name for family in gauges.collect()} == {"quick_things", "slow_things"}
        assert asked == expected, later


def test_a_database_that_is_away_leaves_the_last_values_and_is_asked_again(proxied_db, before_database):
    gauges = DatabaseGauges(proxied_db, [lambda _tx: [Gauge("things", "Things", {}, 7)]], seconds=0)

    def read():
        return [sample.value for family in gauges.collect() for sample in family.samples]

    # it is asked again by and by: what took long, as on a machine that does much else, more seldom
    assert (read(), gauges.answered) == ([7], True)
    before_database.refuse()
    wait_until(lambda: (read(), gauges.answered) == ([7], False))
    before_database.restore()
    wait_until(lambda: (read(), gauges.answered) == ([7], True))
