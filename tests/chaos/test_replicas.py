"""Several replicas of each service on the same queues and databases."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.backbone import wait_until
from tests.chaos import audits, completions, ledger, reactions, scores
from tests.chaos.completions import QUEUE
from tests.chaos.load import Load, supplier
from tests.chaos.rest import await_rest
from tests.chaos.stage import SERVICES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.books import Books
    from tests.chaos.row import Row
    from tests.chaos.stage import Ground

SUBJECTS, VERSIONS = 20, 120
STOP_SECONDS = 10
_FAILED = "SELECT count(*) FROM failed_event"
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
_VERSIONS = "SELECT supplier_id::text || '/' || category_id, version FROM judgement"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def broken(rows: list[Row]) -> dict[str, list[str]]:
    return {row.name: row.broken for row in rows if not row.holds}


def timed(work: Callable[[], int]) -> tuple[int, float]:
    begun = time.monotonic()
    return work(), time.monotonic() - begun


def register(ground: Ground, count: int) -> list[str]:
    chance = random.Random(count)  # noqa: S311
    answers = [
        ground.replicas.send(chance, "suppliers", "POST", "/suppliers", supplier(f"R {number}", chance))
        for number in range(count)
    ]
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json()["supplier_id"] for answer in answers]


@pytest.mark.parametrize("count", [2, 4])
def test_events_of_the_same_subjects_in_all_replicas_at_once_end_in_one_state_and_in_nobodys_way(
    ground: Ground, books: Books
) -> None:
    suppliers = register(ground, SUBJECTS)
    events = completions.interleaved(random.Random(1), suppliers, VERSIONS)  # noqa: S311
    load = Load(ground.replicas, 1)
    load.start()
    halves = [events[::2], events[1::2]]
    publishers = [threading.Thread(target=completions.publish, args=[ground, half]) for half in halves]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    load.stop()
    assert await_rest(ground, books) is not None

    assert [status for status in load.book.statuses if isinstance(status, str) or status >= 500] == []
    kept = books.mapping("suppliers", _VERSIONS)
    newest = completions.newest(events)
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


def test_a_graceful_stop_under_load_gives_back_every_event_that_is_not_handled(
    ground: Ground, books: Books
) -> None:
    suppliers = register(ground, SUBJECTS)
    events = completions.interleaved(random.Random(3), suppliers, VERSIONS)  # noqa: S311
    publisher = threading.Thread(target=completions.publish, args=[ground, events])
    publisher.start()
    inbox = f"SELECT count(*) FROM inbox WHERE queue = '{QUEUE}'"  # noqa: S608  our own queue
    wait_until(lambda: books.column("suppliers", inbox)[0] > len(events) // 8, 60)
    stops = [timed(partial(each.stop, "suppliers")) for each in ground.replicas.sets]
    publisher.join()
    assert [status for status, _ in stops] == [0, 0]
    assert max(seconds for _, seconds in stops) < STOP_SECONDS
    handled = books.column("suppliers", inbox)[0]
    assert 0 < handled < len(events)
    wait_until(lambda: ground.messages()[QUEUE] == len(events) - handled)
    assert "service_stopped_in_the_middle" not in "".join(e.log("suppliers") for e in ground.replicas.sets)

    for each in ground.replicas.sets:
        each.start("suppliers")
    ground.replicas.await_ready()
    assert await_rest(ground, books) is not None
    completed = Counter(dict.fromkeys(completions.newest(events), VERSIONS))
    rows = [*scores.computed(books), *reactions.rescored(books, completed), *reactions.decided(books)]
    assert broken([*rows, *audits.rows(books)]) == {}
