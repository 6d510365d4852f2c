"""Several replicas of each service on the same queues and databases."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.backbone import wait_until
from tests.chaos import audits, flood, ledger, reactions, scores
from tests.chaos.load import Load, register
from tests.chaos.rest import await_rest
from tests.chaos.row import broken
from tests.chaos.stage import SERVICES

if TYPE_CHECKING:
    from tests.chaos.books import Books
    from tests.chaos.stage import Ground

QUEUE = "suppliers.rescore"
SUBJECTS, VERSIONS = 20, 120
_FAILED = "SELECT count(*) FROM failed_event"
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
_VERSIONS = "SELECT supplier_id::text || '/' || category_id, version FROM judgement"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize("count", [2, 4])
def test_events_of_the_same_subjects_in_all_replicas_at_once_end_in_one_state_and_in_nobodys_way(
    ground: Ground, books: Books
) -> None:
    suppliers = register(ground, SUBJECTS)
    events = flood.interleaved(flood.completion, random.Random(1), suppliers, VERSIONS)  # noqa: S311
    load = Load(ground.replicas, 1)
    load.start()
    halves = [events[::2], events[1::2]]
    publishers = [threading.Thread(target=flood.publish, args=[ground, QUEUE, half]) for half in halves]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    load.stop()
    assert await_rest(ground, books) is not None

    assert [status for status in load.book.statuses if isinstance(status, str) or status >= 500] == []
    kept = books.mapping("suppliers", _VERSIONS)
    newest = flood.newest(events)
    assert {key: kept[key] for key in newest} == newest
    completed = Counter(dict.fromkeys(newest, VERSIONS))
    own = "SELECT supplier_id::text || '/' || category_id FROM assessment WHERE state = 'completed'"
    completed.update(books.column("assessments", own))
    rows = [*scores.computed(books), *reactions.rescored(books, completed), *reactions.decided(books)]
    assert broken([*rows, *audits.rows(books)]) == {}
    assert [books.column(service, _FAILED) for service in SERVICES] == [[0]] * 4
    assert [books.column(service, _DEADLOCKS) for service in SERVICES] == [[0]] * 4


def test_a_rolling_restart_of_all_services_under_load_answers_no_5xx_and_loses_nothing(
    ground: Ground, books: Books
) -> None:
    load = Load(ground.replicas, 2)
    load.start()
    wait_until(lambda: load.book.accepted["completions"], 60)
    for service in SERVICES:
        ground.replicas.roll(service)
    load.stop()
    assert await_rest(ground, books) is not None
    assert [status for status in load.book.statuses if isinstance(status, str) or status >= 500] == []
    assert broken(ledger.draw_up(ground, books, load.book, set()).rows) == {}
