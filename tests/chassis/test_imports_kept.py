"""How long imports are kept: one that is over for 90 days, whole until then and gone at once."""

from __future__ import annotations

import signal
from contextlib import closing
from datetime import timedelta

import pytest

from chassis.db import Database, connect
from chassis.errors import NotFound
from chassis.ids import uuid7
from chassis.imports import pruning, store
from tests.backbone import wait_until

JOB = """
INSERT INTO import_job (job_id, kind, media_type, bytes, dry_run, imported, state, actor, correlation_id,
    created_at, finished_at)
VALUES (%(job_id)s, %(name)s, 'text/csv', 1, false, false, %(state)s, '{"claims": {}}', 'c',
        now() - interval '1 year', CASE WHEN %(state)s IN ('done', 'failed') THEN now() - %(age)s END)"""
ROWS = """INSERT INTO import_row (job_id, row_number, state, faults)
SELECT %(job_id)s, n, 'made', '[]' FROM generate_series(1, %(rows)s) AS n"""
LEFT = "SELECT kind, count(row_number) FROM import_job LEFT JOIN import_row USING (job_id) GROUP BY kind"
LIMIT, MINUTE = timedelta(days=pruning.KEPT_DAYS), timedelta(minutes=1)


@pytest.fixture
def jobs(things):
    """`jobs(name, state, age, rows)` makes a job, and returns its id; none is there before."""
    things.empty("import_job")

    def make(name, state="done", age=LIMIT + MINUTE, rows=0):
        job_id = str(uuid7())
        things.ask(JOB, job_id=job_id, name=name, state=state, age=age)
        things.ask(ROWS, job_id=job_id, rows=rows)
        return job_id

    return make


@pytest.fixture
def db(dsn):
    with closing(Database(dsn, 2)) as opened:
        yield opened


def left(things):
    return dict(
        things.ask(
            "SELECT kind, count(row_number) FROM import_job LEFT JOIN import_row USING (job_id) GROUP BY 1"
        )
    )


def test_jobs_that_are_over_for_90_days_are_forgotten_with_their_reports_in_batches(
    jobs, db, things, monkeypatch
):
    monkeypatch.setattr(pruning, "_PRUNED_AT_ONCE", 2)
    jobs("old", rows=3)
    jobs("older", state="failed", age=2 * LIMIT, rows=2)
    jobs("fresh", age=LIMIT - MINUTE, rows=3)
    for state in ("waiting", "running"):
        jobs(state, state=state, rows=1)
    kept = {"fresh": 3, "waiting": 1, "running": 1}
    seen = []
    while pruning.prune(db):
        seen.append({name: rows for name, rows in left(things).items() if name not in kept})
    assert seen == [{"old": 3, "older": 0}, {"old": 3}, {"old": 1}, {}]
    assert left(things) == kept


def test_a_job_is_shown_whole_or_not_at_all(jobs, dsn):
    fresh, old = jobs("fresh", age=LIMIT - MINUTE), jobs("old")
    with closing(connect(dsn)) as tx:
        assert str(store.get(tx, fresh)["import_id"]) == fresh
        assert store.owners(tx, fresh) is not None
        assert store.owners(tx, old) is None
        with pytest.raises(NotFound):
            store.get(tx, old)


def test_what_one_replica_forgets_another_leaves_alone(jobs, db, things):
    jobs("older", age=2 * LIMIT, rows=1)
    jobs("old", rows=1)
    with db.transaction() as tx:
        assert pruning.queries.oldest_job(tx, kept_since=pruning.kept_since())
        assert pruning.prune(db)
        assert left(things) == {"older": 1}
        assert not pruning.prune(db)


@pytest.mark.slow
def test_a_running_service_forgets_by_itself(platform, live_things):
    live_things.ask(JOB, job_id=str(uuid7()), name="oldest", state="done", age=LIMIT + MINUTE)
    platform.stop("things", signal.SIGTERM)
    platform.start("things")
    platform.await_ready("things")
    wait_until(lambda: live_things.ask("SELECT job_id FROM import_job") == [])
